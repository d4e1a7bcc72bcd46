using System.Collections.Immutable;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Config;

/// <summary>The configuration as it stands, with the keys whose deletion may not have been told yet.</summary>
/// <param name="Revision">The newest revision.</param>
/// <param name="Documents">
/// Every key that is there, and those that were deleted by the newest revision or since activation.
/// </param>
internal sealed record ConfigState(long Revision, ImmutableSortedDictionary<string, StoredDocument> Documents)
{
    /// <summary>
    /// The state that a store holds. Before a revision is saved all earlier ones have been told, so of deletions only those
    /// of the newest may be untold; to tell the others again would bring back what the snapshot has long forgotten.
    /// </summary>
    public static ConfigState From(StoredConfig stored) => new(
        stored.Revision,
        stored.Documents.Where(d => d.Json is not null || d.Revision == stored.Revision)
            .ToImmutableSortedDictionary(d => d.Key, d => d, StringComparer.Ordinal));

    /// <summary>The content of a key; null when it is not there.</summary>
    public string? Find(string key) => Documents.GetValueOrDefault(key)?.Json;

    /// <summary>The state once a revision has been saved.</summary>
    public ConfigState After(RevisionRecord revision) => new(
        revision.Number,
        Documents.SetItems(revision.Changes.Select(
            c => KeyValuePair.Create(c.Key, new StoredDocument(c.Key, revision.Number, c.After)))));

    /// <summary>What the snapshot must hold, as changes: everything after a revision.</summary>
    public IEnumerable<SnapshotChange> ChangesAfter(long revision) => Documents.Values
        .Where(d => d.Revision > revision)
        .Select(d => new SnapshotChange(SnapshotKey.Config + d.Key, d.Revision, d.Json));
}
