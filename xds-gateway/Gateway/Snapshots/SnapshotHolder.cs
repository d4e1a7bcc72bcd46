using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Xds.Gateway.Snapshots;

/// <summary>
/// The gateway's copy of the mesh: one reference that readers take and one writer, the follower, replaces.
/// </summary>
public sealed class SnapshotHolder
{
    private volatile SnapshotUpdate _latest = new(MeshSnapshot.Empty, [], IsFull: false, Revision: 0);
    private volatile bool _isSynced;
    private volatile string? _lostEpoch;

    /// <summary>Raised on the follower's thread after each change; handlers must be quick and must not throw.</summary>
    public event Action<SnapshotUpdate>? Changed;

    /// <summary>The newest copy; empty until <see cref="IsSynced"/>.</summary>
    public MeshSnapshot Current => _latest.Snapshot;

    /// <summary>The newest configuration revision that <see cref="Current"/> reflects.</summary>
    public long Revision => _latest.Revision;

    /// <summary>True once a full copy has been loaded: only then may anything be told to a proxy.</summary>
    public bool IsSynced => _isSynced;

    /// <summary>
    /// True while the copy is kept although the store tells another, empty history: it seems to have lost the mesh.
    /// </summary>
    public bool HoldsLostMesh => _lostEpoch is not null;

    /// <summary>Notes that a history is not believed.</summary>
    /// <returns>False when that was noted before.</returns>
    public bool TryDoubt(string epoch)
    {
        if (_lostEpoch == epoch) return false;
        _lostEpoch = epoch;
        return true;
    }

    /// <summary>Replaces the copy.</summary>
    public void Publish(SnapshotUpdate update)
    {
        _latest = update;
        _lostEpoch = null;
        if (update.IsFull) _isSynced = true;
        Changed?.Invoke(update);
    }
}
