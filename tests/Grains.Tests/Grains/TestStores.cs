using System.Collections.Concurrent;
using MeshOrleans.Grains.Embedded;
using MeshOrleans.Grains.Identity;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>Everything that outlives a silo.</summary>
internal sealed class TestStores
{
    public InMemorySnapshotStore Snapshots { get; } = new();

    public InMemoryRevisionStore Revisions { get; } = new();

    public InMemoryKeyStore Keys { get; } = new();

    public FakePluggedAuthority Plugged { get; } = new();

    public ObservedStateStore State { get; } = new();

    public MemoryReminderStore Reminders { get; } = new();
}

/// <summary>Grain state in memory; a test may look at it and make writing fail.</summary>
internal sealed class ObservedStateStore : IGrainStateStore
{
    private readonly MemoryGrainStateStore _store = new();
    private int _writes;

    public int Writes => Volatile.Read(ref _writes);

    /// <summary>Runs before every write; may throw.</summary>
    public Action<GrainStateKey> BeforeWrite { get; set; } = _ => { };

    /// <summary>Whether the answer to a write that was done does not arrive.</summary>
    public Func<GrainStateKey, bool> LosesAnswer { get; set; } = _ => false;

    /// <summary>Runs after every read.</summary>
    public Action<GrainStateKey> AfterRead { get; set; } = _ => { };

    public async Task<StoredGrainState?> ReadAsync(GrainStateKey key, CancellationToken cancellationToken)
    {
        var state = await _store.ReadAsync(key, cancellationToken);
        AfterRead(key);
        return state;
    }

    /// <summary>From when on each record may be removed, as told by its newest write.</summary>
    public ConcurrentDictionary<GrainStateKey, DateTimeOffset?> RemovableFrom { get; } = new();

    public async Task<string> WriteAsync(
        GrainStateKey key,
        string json,
        DateTimeOffset? removableFrom,
        string? expectedETag,
        CancellationToken cancellationToken)
    {
        BeforeWrite(key);
        Interlocked.Increment(ref _writes);
        var etag = await _store.WriteAsync(key, json, removableFrom, expectedETag, cancellationToken);
        RemovableFrom[key] = removableFrom;
        return LosesAnswer(key) ? throw new IOException("The answer was lost.") : etag;
    }

    public Task ClearAsync(GrainStateKey key, string? expectedETag, CancellationToken cancellationToken) =>
        _store.ClearAsync(key, expectedETag, cancellationToken);
}

/// <summary>An authority that the operator provides, when the test says so.</summary>
internal sealed class FakePluggedAuthority : IPluggedAuthority
{
    public AuthorityMaterial? Material { get; set; }

    public string? Fault { get; set; }

    public Task<AuthorityMaterial?> ReadAsync(CancellationToken cancellationToken) =>
        Fault is null ? Task.FromResult(Material) : Task.FromException<AuthorityMaterial?>(new FormatException(Fault));
}

/// <summary>The authority's keys in memory.</summary>
internal sealed class InMemoryKeyStore : IAuthorityKeyStore
{
    public AuthorityKeys? Keys { get; set; }

    /// <summary>Runs before every write; may throw.</summary>
    public Action BeforeWrite { get; set; } = () => { };

    public Task<AuthorityKeys?> LoadAsync(CancellationToken cancellationToken) => Task.FromResult(Keys);

    public Task<AuthorityKeys> CreateAsync(AuthorityKeys keys, CancellationToken cancellationToken)
    {
        BeforeWrite();
        return Task.FromResult(Keys ??= keys);
    }

    public Task<AuthorityKeys> ReplaceAsync(
        AuthorityKeys held, AuthorityKeys next, CancellationToken cancellationToken)
    {
        BeforeWrite();
        return Task.FromResult(Keys = Keys == held ? next : Keys!);
    }
}
