namespace Orleans.Core;

/// <summary>A saved record. All of it is called on the grain's own turns.</summary>
public interface IStorage
{
    /// <summary>The version last read or written; null when there is no record.</summary>
    string? Etag { get; }

    bool RecordExists { get; }

    Task ClearStateAsync();

    Task WriteStateAsync();

    Task ReadStateAsync();

    Task ClearStateAsync(CancellationToken cancellationToken) => ClearStateAsync();

    Task WriteStateAsync(CancellationToken cancellationToken) => WriteStateAsync();

    Task ReadStateAsync(CancellationToken cancellationToken) => ReadStateAsync();
}

/// <summary>A saved record of a known shape.</summary>
public interface IStorage<TState> : IStorage
{
    TState State { get; set; }
}
