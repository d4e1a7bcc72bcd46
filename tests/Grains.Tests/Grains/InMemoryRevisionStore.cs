using System.Collections.Immutable;
using MeshOrleans.Grains.Config;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>A revision store that outlives the grains on it.</summary>
internal sealed class InMemoryRevisionStore : IRevisionStore
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, StoredDocument> documents = new(StringComparer.Ordinal);
    private readonly List<RevisionRecord> revisions = [];

    public Task<StoredConfig> LoadAsync(CancellationToken cancellationToken)
    {
        lock (gate) return Task.FromResult(new StoredConfig(revisions.Count, [.. documents.Values]));
    }

    public Task<bool> TryAppendAsync(RevisionRecord revision, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (revision.Number != revisions.Count + 1) return Task.FromResult(false);
            revisions.Add(revision);
            foreach (var change in revision.Changes)
            {
                documents[change.Key] = new StoredDocument(change.Key, revision.Number, change.After);
            }

            return Task.FromResult(true);
        }
    }

    public Task<ImmutableArray<RevisionRecord>> ListAsync(long before, int count, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return Task.FromResult<ImmutableArray<RevisionRecord>>(
            [
                .. revisions.Where(r => before == 0 || r.Number < before)
                    .Reverse()
                    .Take(count)
                    .Select(r => r with { Changes = [] }),
            ]);
        }
    }

    public Task<RevisionRecord?> FindAsync(long number, CancellationToken cancellationToken)
    {
        lock (gate) return Task.FromResult(revisions.Find(r => r.Number == number));
    }
}
