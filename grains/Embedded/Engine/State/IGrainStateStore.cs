namespace MeshOrleans.Grains.Embedded;

/// <summary>Where grains' states are kept. A write has reached the store for good when it answers.</summary>
public interface IGrainStateStore
{
    /// <summary>The record; null when there is none.</summary>
    Task<StoredGrainState?> ReadAsync(GrainStateKey key, CancellationToken cancellationToken);

    /// <summary>Writes a record.</summary>
    /// <param name="key">Which.</param>
    /// <param name="json">Its content.</param>
    /// <param name="removableFrom">From when on nobody needs it any more; null keeps it.</param>
    /// <param name="expectedETag">The version that it replaces; null when there must be none.</param>
    /// <param name="cancellationToken">Ends the wait; the write may happen all the same.</param>
    /// <returns>The new version.</returns>
    /// <exception cref="Orleans.Storage.InconsistentStateException">The version is another one.</exception>
    Task<string> WriteAsync(
        GrainStateKey key,
        string json,
        DateTimeOffset? removableFrom,
        string? expectedETag,
        CancellationToken cancellationToken);

    /// <summary>Removes a record.</summary>
    /// <exception cref="Orleans.Storage.InconsistentStateException">The version is another one.</exception>
    Task ClearAsync(GrainStateKey key, string? expectedETag, CancellationToken cancellationToken);
}

/// <summary>Names one record.</summary>
/// <param name="Storage">The storage name of the [PersistentState] attribute; "Default" without one.</param>
/// <param name="GrainType">The grain's type.</param>
/// <param name="StateName">The state name of the attribute.</param>
/// <param name="GrainKey">The grain's key.</param>
public sealed record GrainStateKey(string Storage, string GrainType, string StateName, string GrainKey)
{
    /// <summary>Readable, for messages.</summary>
    public override string ToString() => $"{Storage}:{GrainType}/{GrainKey}#{StateName}";
}

/// <summary>A record.</summary>
/// <param name="Json">Its content.</param>
/// <param name="ETag">Its version.</param>
public sealed record StoredGrainState(string Json, string ETag);
