using MeshOrleans.Grains.Snapshots;

namespace MeshOrleans.Grains;

/// <summary>
/// How every owner changes: save, then tell the snapshot. If either fails the activation ends as soon as the store
/// answers, and the next one tells first, so that nothing saved stays untold.
/// </summary>
internal static class GrainCommit
{
    /// <summary>Saves and tells. Not cancellable: a change once decided is carried through.</summary>
    public static async Task CommitAsync<TState>(
        this Grain grain, IPersistentState<TState> store, TState next, IMeshSnapshotGrain snapshot)
        where TState : IOwnerState
    {
        var told = store.State.Entries.Version;
        await grain.SaveAsync(store, next);
        var changes = next.Entries.ChangesAfter(told);
        if (changes.IsEmpty) return;
        try
        {
            await snapshot.PublishAsync(changes, CancellationToken.None);
        }
        catch
        {
            grain.DeactivateOnIdle();
            throw;
        }
    }

    /// <summary>Tells everything that is saved; the snapshot passes over what it has.</summary>
    public static async Task TellAsync<TState>(
        this IPersistentState<TState> store, IMeshSnapshotGrain snapshot, CancellationToken cancellationToken)
        where TState : IOwnerState
    {
        var changes = store.State.Entries.ChangesAfter(0);
        if (!changes.IsEmpty) await snapshot.PublishAsync(changes, cancellationToken);
    }

    /// <summary>Saves a state that nobody else is told of.</summary>
    public static async Task SaveAsync<TState>(this Grain grain, IPersistentState<TState> store, TState next)
    {
        var before = store.State;
        store.State = next;
        try
        {
            await store.WriteStateAsync();
        }
        catch (Exception exception)
        {
            store.State = before; // the last that is known to be saved; readers are served from it meanwhile
            grain.ReloadAfter(exception, store.ReadStateAsync);
            throw;
        }
    }

    /// <summary>The one mesh snapshot.</summary>
    public static IMeshSnapshotGrain GetMeshSnapshot(this IGrainFactory grains) =>
        grains.GetGrain<IMeshSnapshotGrain>(MeshKeys.Default);
}
