using System.Collections.Immutable;

namespace MeshOrleans.Grains.Federation;

/// <summary>What is saved of a foreign trust domain.</summary>
[GenerateSerializer, Immutable, Alias("mesh.PeerTrustState")]
internal sealed record PeerTrustState : IOwnerState
{
    /// <summary>The link that holds it; empty when none does.</summary>
    [Id(0)] public string Link { get; init; } = "";

    /// <summary>Its roots, PEM.</summary>
    [Id(1)] public ImmutableArray<string> RootsPem { get; init; } = [];

    /// <summary>Lists of what it has revoked, PEM.</summary>
    [Id(3)] public ImmutableArray<string> CrlsPem { get; init; } = [];

    /// <inheritdoc/>
    [Id(2)] public OwnedEntries Entries { get; init; } = OwnedEntries.Empty;
}
