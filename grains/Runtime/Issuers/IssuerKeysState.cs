namespace MeshOrleans.Grains.Issuers;

/// <summary>What is saved of the keys from one address; the keys themselves are among the entries.</summary>
[GenerateSerializer, Immutable, Alias("mesh.IssuerKeysState")]
internal sealed record IssuerKeysState : IOwnerState
{
    /// <summary>When they were last fetched; null before the first time.</summary>
    [Id(0)] public DateTimeOffset? FetchedAt { get; init; }

    /// <summary>How many are in use.</summary>
    [Id(1)] public int Count { get; init; }

    /// <inheritdoc/>
    [Id(2)] public OwnedEntries Entries { get; init; } = OwnedEntries.Empty;
}
