using System.Collections.Immutable;
using MeshOrleans.Grains.Snapshots;

namespace MeshOrleans.Grains;

/// <summary>The saved state of a grain that owns entries of the mesh snapshot.</summary>
internal interface IOwnerState
{
    /// <summary>What it owns.</summary>
    OwnedEntries Entries { get; }
}

/// <summary>
/// The snapshot entries of one owner, saved with its state. The version rises with every change and outlives every
/// entry, so an entry that is removed and made again is newer than its removal.
/// </summary>
/// <remarks>
/// A removed entry is kept until the change after it: that one is only made when the removal has been told (see
/// <see cref="GrainCommit"/>), so after a crash the removal is still there to be told again.
/// </remarks>
[GenerateSerializer, Immutable, Alias("mesh.OwnedEntries")]
internal sealed record OwnedEntries
{
    /// <summary>Nothing yet.</summary>
    public static OwnedEntries Empty { get; } = new();

    /// <summary>The version of the newest change.</summary>
    [Id(0)] public long Version { get; init; }

    /// <summary>Each entry by its snapshot key.</summary>
    [Id(1)] public ImmutableDictionary<string, OwnedEntry> Held { get; init; } =
        ImmutableDictionary<string, OwnedEntry>.Empty;

    /// <summary>
    /// The same entries with these payloads put in place and these keys removed; the very same when nothing differs.
    /// One call makes one commit: what an earlier call removed counts as told.
    /// </summary>
    public OwnedEntries With(IEnumerable<KeyValuePair<string, string>> put, IEnumerable<string> remove)
    {
        var held = Held.RemoveRange(Held.Where(e => e.Value.Payload is null).Select(e => e.Key)).ToBuilder();
        var version = Version + 1;
        var changed = false;
        foreach (var key in remove.Where(held.ContainsKey).ToList())
        {
            held[key] = new OwnedEntry(version, null);
            changed = true;
        }

        foreach (var (key, payload) in put)
        {
            if (held.TryGetValue(key, out var entry) && entry.Payload == payload) continue;
            held[key] = new OwnedEntry(version, payload);
            changed = true;
        }

        return changed ? new OwnedEntries { Version = version, Held = held.ToImmutable() } : this;
    }

    /// <summary>The same entries with one payload put in place.</summary>
    public OwnedEntries Put(string key, string payload) => With([KeyValuePair.Create(key, payload)], []);

    /// <summary>The same entries without one.</summary>
    public OwnedEntries Remove(string key) => With([], [key]);

    /// <summary>
    /// What the snapshot must be told that was changed after <paramref name="version"/>, in key order.
    /// </summary>
    public ImmutableArray<SnapshotChange> ChangesAfter(long version) =>
    [
        .. Held.Where(e => e.Value.Version > version)
            .OrderBy(e => e.Key, StringComparer.Ordinal)
            .Select(e => new SnapshotChange(e.Key, e.Value.Version, e.Value.Payload)),
    ];
}

/// <summary>One entry.</summary>
/// <param name="Version">The owner's version that last changed it.</param>
/// <param name="Payload">Its content; null when it was removed by that version.</param>
[GenerateSerializer, Immutable, Alias("mesh.OwnedEntry")]
internal sealed record OwnedEntry([property: Id(0)] long Version, [property: Id(1)] string? Payload);
