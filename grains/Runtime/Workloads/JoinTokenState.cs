namespace MeshOrleans.Grains.Workloads;

/// <summary>What is saved of a join token.</summary>
[GenerateSerializer, Immutable, Alias("mesh.JoinTokenState")]
internal sealed record JoinTokenState : IExpiringState
{
    // who comes a little late is told so, rather than that there never was such a token
    private static readonly TimeSpan _remembered = TimeSpan.FromHours(1);

    /// <summary>What it allows; null when no such token was minted.</summary>
    [Id(0)] public JoinTokenGrant? Grant { get; init; }

    /// <summary>When it was used up; null while it is good.</summary>
    [Id(1)] public DateTimeOffset? UsedAt { get; init; }

    /// <summary>Who used it, for the audit.</summary>
    [Id(2)] public string UsedBy { get; init; } = "";

    /// <summary>What it is being, or was, used for; empty before, and where a use cannot be repeated.</summary>
    [Id(3)] public string Claim { get; init; } = "";

    /// <summary>When that was done; null before.</summary>
    [Id(4)] public DateTimeOffset? FinishedAt { get; init; }

    /// <inheritdoc/>
    DateTimeOffset? IExpiringState.RemovableFrom => Grant?.ExpiresAt + _remembered;
}
