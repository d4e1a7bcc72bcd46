using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Federation;

/// <summary>What is saved of a link.</summary>
[GenerateSerializer, Immutable, Alias("mesh.LinkState")]
internal sealed record LinkState : IOwnerState
{
    /// <summary>What was agreed; null when there is no such link.</summary>
    [Id(0)] public LinkTerms? Terms { get; init; }

    /// <summary>When the other mesh was last read in full; null before the first time.</summary>
    [Id(1)] public DateTimeOffset? LastSync { get; init; }

    /// <summary>Why the last attempt failed; null when it succeeded.</summary>
    [Id(2)] public string? Error { get; init; }

    /// <inheritdoc/>
    [Id(3)] public OwnedEntries Entries { get; init; } = OwnedEntries.Empty;

    /// <summary>The snapshot keys of what is imported.</summary>
    public IEnumerable<string> ImportKeys() => Entries.Held
        .Where(e => e.Value.Payload is not null && e.Key.StartsWith(SnapshotKey.Import, StringComparison.Ordinal))
        .Select(e => e.Key)
        .Order(StringComparer.Ordinal);
}
