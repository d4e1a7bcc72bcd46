namespace MeshOrleans.Grains.Embedded;

/// <summary>Keeps states as long as the process lives. For tests and trials.</summary>
public sealed class MemoryGrainStateStore : IGrainStateStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<GrainStateKey, StoredGrainState> _records = [];
    private long _writes;

    public Task<StoredGrainState?> ReadAsync(GrainStateKey key, CancellationToken cancellationToken)
    {
        lock (_gate) return Task.FromResult(_records.GetValueOrDefault(key));
    }

    public Task<string> WriteAsync(
        GrainStateKey key,
        string json,
        DateTimeOffset? removableFrom,
        string? expectedETag,
        CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            StateConflict.Check(key, _records.GetValueOrDefault(key)?.ETag, expectedETag);
            var etag = StateConflict.NewETag(++_writes);
            _records[key] = new StoredGrainState(json, etag);
            return Task.FromResult(etag);
        }
    }

    public Task ClearAsync(GrainStateKey key, string? expectedETag, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            StateConflict.Check(key, _records.GetValueOrDefault(key)?.ETag, expectedETag);
            _records.Remove(key);
            return Task.CompletedTask;
        }
    }
}
