using System.Collections.Concurrent;
using System.Collections.Immutable;
using MeshOrleans.Grains.Embedded;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;

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
    private long _written;

    public int Writes => Volatile.Read(ref _writes);

    /// <summary>How much was written, in characters.</summary>
    public long Written => Volatile.Read(ref _written);

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
        Interlocked.Add(ref _written, json.Length);
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

    /// <summary>Every copy that was read.</summary>
    public ConcurrentQueue<AuthorityMaterial> Read { get; } = new();

    /// <summary>What it has revoked.</summary>
    public ImmutableArray<RevocationList> Revoked { get; set; } = [];

    public Task<ImmutableArray<RevocationList>> ReadRevokedAsync(CancellationToken cancellationToken) =>
        Task.FromResult(Revoked);

    public Task<AuthorityMaterial?> ReadAsync(CancellationToken cancellationToken)
    {
        if (Fault is not null) return Task.FromException<AuthorityMaterial?>(new FormatException(Fault));
        var copy = InMemoryKeyStore.CopyOf(Material);
        if (copy is not null) Read.Enqueue(copy);
        return Task.FromResult(copy);
    }
}

/// <summary>The authority's keys in memory, which is nobody else's: as from a file, everybody gets a copy.</summary>
internal sealed class InMemoryKeyStore : IAuthorityKeyStore
{
    public AuthorityKeys? Keys { get; set; }

    /// <summary>Runs before every write; may throw.</summary>
    public Action BeforeWrite { get; set; } = () => { };

    public static AuthorityMaterial? CopyOf(AuthorityMaterial? material) => material is null ? null : material with
    {
        RootKey = SecretText.Of(material.RootKey.Span), SigningKey = SecretText.Of(material.SigningKey.Span),
    };

    /// <summary>Every object that an activation has had or has: what it loaded, and what it saved.</summary>
    public ConcurrentQueue<AuthorityKeys> Seen { get; } = new();

    public Task<AuthorityKeys?> LoadAsync(CancellationToken cancellationToken) => Task.FromResult(Keys is null ? null : Handed());

    public Task<AuthorityKeys> CreateAsync(AuthorityKeys keys, CancellationToken cancellationToken)
    {
        BeforeWrite();
        if (Keys is not null) return Task.FromResult(Handed());
        return Task.FromResult(Stored(keys));
    }

    public Task<AuthorityKeys> ReplaceAsync(
        AuthorityKeys held, AuthorityKeys next, CancellationToken cancellationToken)
    {
        BeforeWrite();
        return Task.FromResult(Keys == held ? Stored(next) : Handed());
    }

    private AuthorityKeys Handed()
    {
        var copy = CopyOf(Keys)!;
        Seen.Enqueue(copy);
        return copy;
    }

    private AuthorityKeys Stored(AuthorityKeys keys)
    {
        Keys = CopyOf(keys);
        Seen.Enqueue(keys);
        return keys;
    }

    private static AuthorityKeys? CopyOf(AuthorityKeys? keys) =>
        keys is null ? null : new AuthorityKeys(CopyOf(keys.First)!, CopyOf(keys.Second));
}
