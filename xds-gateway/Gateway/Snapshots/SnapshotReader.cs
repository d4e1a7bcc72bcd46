using System.Collections.Immutable;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Xds.Gateway.Snapshots;

/// <summary>Applies what the snapshot grain tells to the copy that is held.</summary>
internal static class SnapshotReader
{
    /// <summary>Whether a batch only says that there is nothing new.</summary>
    public static bool IsHeartbeat(SnapshotBatch batch) => !batch.IsFull && batch.Changes.IsEmpty;

    /// <summary>
    /// False when something between the copy and the batch is missing, so that all must be loaded anew.
    /// </summary>
    public static bool Continues(SnapshotVersion held, SnapshotBatch batch) =>
        batch.IsFull || (batch.Epoch == held.Epoch && batch.Number > held.Number);

    /// <summary>
    /// Whether a copy that was loaded anew comes from a store that has lost the mesh: another history than the one held,
    /// and no configuration, nor members where there was none.
    /// </summary>
    /// <remarks>
    /// Whoever deletes everything does so in the history that is held, and the gateway is told of each removal. Members
    /// come back to an emptied store by themselves and so prove nothing; configuration comes by somebody's hand.
    /// </remarks>
    public static bool IsLoss(MeshSnapshot held, MeshSnapshot loaded) =>
        loaded.Version.Epoch != held.Version.Epoch
        && loaded.Config.IsEmpty
        && (!held.Config.IsEmpty || (loaded.Workloads.IsEmpty && !held.Workloads.IsEmpty));

    /// <summary>
    /// The copy after a batch. An entry that cannot be read keeps its former content and spoils nothing else.
    /// </summary>
    /// <param name="held">The copy, with its revision.</param>
    /// <param name="batch">What the grain told.</param>
    /// <param name="onUnreadable">Hears of each entry that cannot be read.</param>
    public static SnapshotUpdate Apply(
        (MeshSnapshot Snapshot, long Revision) held, SnapshotBatch batch, Action<string, Exception> onUnreadable)
    {
        var snapshot = batch.IsFull ? MeshSnapshot.Empty : held.Snapshot;
        var revision = batch.IsFull ? 0 : held.Revision;
        var keys = ImmutableArray.CreateBuilder<string>(batch.Changes.Length);
        foreach (var change in batch.Changes)
        {
            try
            {
                snapshot = change.Payload is null
                    ? snapshot.Remove(change.Key)
                    : snapshot.Put(change.Key, change.Payload);
                keys.Add(change.Key);
            }
            catch (Exception exception)
            {
                onUnreadable(change.Key, exception);
            }

            // The configuration grain versions its entries with the revision that wrote them.
            if (change.Key.StartsWith(SnapshotKey.Config, StringComparison.Ordinal))
            {
                revision = Math.Max(revision, change.OwnerVersion);
            }
        }

        var version = new SnapshotVersion(batch.Epoch, batch.Number);
        return new SnapshotUpdate(snapshot with { Version = version }, keys.ToImmutable(), batch.IsFull, revision);
    }
}
