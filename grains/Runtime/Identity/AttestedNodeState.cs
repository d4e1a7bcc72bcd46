namespace MeshOrleans.Grains.Identity;

/// <summary>What is saved of a node that has proved who it is without a certificate.</summary>
[GenerateSerializer, Immutable, Alias("mesh.AttestedNodeState")]
internal sealed record AttestedNodeState : IExpiringState
{
    // longer than any certificate is good
    private static readonly TimeSpan _remembered = TimeSpan.FromDays(365);

    /// <summary>When it last did; null when it never did.</summary>
    [Id(0)] public DateTimeOffset? LastAt { get; init; }

    /// <summary>By what a repetition of that request is known.</summary>
    [Id(1)] public string Claim { get; init; } = "";

    /// <inheritdoc/>
    DateTimeOffset? IExpiringState.RemovableFrom => LastAt + _remembered;
}
