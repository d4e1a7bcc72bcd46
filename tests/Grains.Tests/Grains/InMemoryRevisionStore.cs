using System.Collections.Immutable;
using MeshOrleans.Grains.Config;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>A revision store that outlives the grains on it.</summary>
internal sealed class InMemoryRevisionStore : IRevisionStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StoredDocument> _documents = new(StringComparer.Ordinal);
    private readonly List<RevisionRecord> _revisions = [];

    /// <summary>What a revision waits for before it is saved.</summary>
    public Task BeforeAppend { get; set; } = Task.CompletedTask;

    /// <summary>What the history waits for before it is read.</summary>
    public Task BeforeList { get; set; } = Task.CompletedTask;

    public Task<StoredConfig> LoadAsync(CancellationToken cancellationToken)
    {
        lock (_gate) return Task.FromResult(new StoredConfig(_revisions.Count, [.. _documents.Values]));
    }

    public Task<long> ReadNewestAsync(CancellationToken cancellationToken)
    {
        lock (_gate) return Task.FromResult<long>(_revisions.Count);
    }

    public async Task<bool> TryAppendAsync(RevisionRecord revision, CancellationToken cancellationToken)
    {
        await BeforeAppend;
        lock (_gate)
        {
            if (revision.Number != _revisions.Count + 1) return false;
            _revisions.Add(revision);
            foreach (var change in revision.Changes)
            {
                _documents[change.Key] = new StoredDocument(change.Key, revision.Number, change.After);
            }

            return true;
        }
    }

    public async Task<ImmutableArray<RevisionRecord>> ListAsync(long before, int count, CancellationToken cancellationToken)
    {
        await BeforeList;
        lock (_gate)
        {
            return
            [
                .. _revisions.Where(r => before == 0 || r.Number < before)
                    .Reverse()
                    .Take(count)
                    .Select(r => r with { Changes = [] }),
            ];
        }
    }

    public Task<RevisionRecord?> FindAsync(long number, CancellationToken cancellationToken)
    {
        lock (_gate) return Task.FromResult(_revisions.Find(r => r.Number == number));
    }
}
