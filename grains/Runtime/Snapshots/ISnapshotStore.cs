using System.Collections.Immutable;

namespace MeshOrleans.Grains.Snapshots;

/// <summary>
/// Where the mesh snapshot is kept: one row per key, a removed key included, and the number of the newest change.
/// One writer at a time is enforced by compare-and-swap on that number, not by locks.
/// </summary>
public interface ISnapshotStore
{
    /// <summary>Reads everything.</summary>
    /// <param name="newEpoch">The epoch to be kept, for good, by a store that has none yet.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<StoredSnapshot> LoadAsync(string newEpoch, CancellationToken cancellationToken);

    /// <summary>The number of the newest change; zero before the first.</summary>
    Task<long> ReadNumberAsync(CancellationToken cancellationToken);

    /// <summary>Saves a batch in one transaction: all of it, durably, or nothing.</summary>
    /// <returns>
    /// False when the stored number is not <see cref="SnapshotAppend.PreviousNumber"/>: somebody else writes.
    /// </returns>
    Task<bool> TryAppendAsync(SnapshotAppend append, CancellationToken cancellationToken);
}

/// <summary>One key as it stands.</summary>
/// <param name="Key">The snapshot key; the row's primary key.</param>
/// <param name="OwnerVersion">The newest version that the owner published.</param>
/// <param name="Number">The snapshot's number of that change; unique.</param>
/// <param name="Payload">Its content; null when the key was removed (a tombstone).</param>
public sealed record SnapshotRow(string Key, long OwnerVersion, long Number, string? Payload);

/// <summary>All that a store holds.</summary>
/// <param name="Epoch">The name of this store's history.</param>
/// <param name="Number">The newest change; zero before the first.</param>
/// <param name="ForgottenUpTo">
/// The newest <see cref="SnapshotAppend.ForgetUpTo"/> ever appended; zero when none was.
/// </param>
/// <param name="Rows">Every row, tombstones included, in any order.</param>
public sealed record StoredSnapshot(string Epoch, long Number, long ForgottenUpTo, ImmutableArray<SnapshotRow> Rows);

/// <summary>A batch to be saved.</summary>
/// <param name="PreviousNumber">The number that the store must be at.</param>
/// <param name="Number">The number that it is at afterwards.</param>
/// <param name="ForgetUpTo">
/// Tombstones whose number is at most this are deleted for good, and the store remembers the figure as
/// <see cref="StoredSnapshot.ForgottenUpTo"/>. It never falls; zero deletes none.
/// </param>
/// <param name="Rows">Rows to insert or replace by key; every key at most once.</param>
public sealed record SnapshotAppend(
    long PreviousNumber,
    long Number,
    long ForgetUpTo,
    ImmutableArray<SnapshotRow> Rows);
