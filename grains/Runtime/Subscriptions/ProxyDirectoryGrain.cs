using System.Collections.Immutable;

namespace MeshOrleans.Grains.Subscriptions;

/// <remarks>
/// Saved together, some seconds after the first change: ten thousand proxies that connect at once cost a few writes. A
/// node whose silo is lost within that time is added again when it reconnects.
/// </remarks>
[KeepAlive]
internal sealed class ProxyDirectoryGrain(
    [PersistentState("directory", StorageNames.Mesh)] IPersistentState<ProxyDirectoryState> store)
    : Grain, IProxyDirectoryGrain
{
    private static readonly TimeSpan _saveDelay = TimeSpan.FromSeconds(5);

    private IGrainTimer _saving = null!;
    private bool _unsaved;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _saving = this.RegisterGrainTimer(SaveLateAsync, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        SaveLateAsync(cancellationToken);

    public Task AddAsync(string nodeId, CancellationToken cancellationToken) => Become(store.State.NodeIds.Add(nodeId));

    public Task RemoveAsync(string nodeId, CancellationToken cancellationToken) =>
        Become(store.State.NodeIds.Remove(nodeId));

    public Task<ImmutableArray<string>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<string>>([.. store.State.NodeIds.Order(StringComparer.Ordinal)]);

    private Task Become(ImmutableHashSet<string> nodeIds)
    {
        if (ReferenceEquals(nodeIds, store.State.NodeIds)) return Task.CompletedTask;
        store.State = new ProxyDirectoryState { NodeIds = nodeIds };
        if (!_unsaved) _saving.Change(_saveDelay, Timeout.InfiniteTimeSpan);
        _unsaved = true;
        return Task.CompletedTask;
    }

    private async Task SaveLateAsync(CancellationToken cancellationToken)
    {
        if (!_unsaved) return;
        try
        {
            await this.SaveAsync(store, store.State);
            _unsaved = false;
        }
        catch
        {
            _saving.Change(_saveDelay, Timeout.InfiniteTimeSpan);
            throw;
        }
    }
}
