using System.Collections.Immutable;

namespace MeshOrleans.Grains.Subscriptions;

/// <remarks>
/// Connections, disconnections and refusals are saved at once; acknowledgements together, some seconds later, and when
/// the activation ends. After the loss of a silo the last of them may be missing: the next report brings them back. Kept
/// in memory, so that the status of proxies can be read while the store is away.
/// </remarks>
[KeepAlive]
internal sealed class ProxySubscriptionGrain(
    [PersistentState("subscription", StorageNames.Mesh)] IPersistentState<ProxySubscriptionState> store,
    TimeProvider clock) : Grain, IProxySubscriptionGrain
{
    private static readonly TimeSpan _saveDelay = TimeSpan.FromSeconds(10);

    private IGrainTimer _saving = null!;
    private bool _unsaved;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _saving = this.RegisterGrainTimer(SaveLateAsync, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        SaveLateAsync(cancellationToken);

    public async Task<long> ConnectAsync(ProxyConnection connection, CancellationToken cancellationToken)
    {
        await SaveNowAsync(ProxySubscriptionMachine.Connect(store.State, connection, clock.GetUtcNow()));
        return store.State.StreamEpoch;
    }

    public async Task<bool> ReportAsync(
        long streamEpoch, ImmutableArray<SubscriptionReport> reports, CancellationToken cancellationToken)
    {
        if (!ProxySubscriptionMachine.IsNewest(store.State, streamEpoch)) return false;
        var next = ProxySubscriptionMachine.Report(store.State, streamEpoch, reports);
        if (ProxySubscriptionMachine.IsUrgent(reports)) await SaveNowAsync(next);
        else SaveLater(next);
        return true;
    }

    public Task<bool> ReportScopeAsync(
        long streamEpoch, AutomaticScope? scope, CancellationToken cancellationToken)
    {
        var next = ProxySubscriptionMachine.ReportScope(store.State, streamEpoch, scope);
        if (ReferenceEquals(next, store.State)) return Task.FromResult(false);
        SaveLater(next);
        return Task.FromResult(true);
    }

    public async Task DisconnectAsync(long streamEpoch, CancellationToken cancellationToken)
    {
        var next = ProxySubscriptionMachine.Disconnect(store.State, streamEpoch, clock.GetUtcNow());
        if (next != store.State) await SaveNowAsync(next);
    }

    public Task<ProxyView?> FindAsync(CancellationToken cancellationToken) =>
        Task.FromResult(ProxySubscriptionMachine.View(store.State, this.GetPrimaryKeyString()));

    private void SaveLater(ProxySubscriptionState next)
    {
        store.State = next;
        if (!_unsaved) _saving.Change(_saveDelay, Timeout.InfiniteTimeSpan);
        _unsaved = true;
    }

    private async Task SaveNowAsync(ProxySubscriptionState next)
    {
        await this.SaveAsync(store, next);
        _unsaved = false; // whatever was still to be saved has gone with this
    }

    private async Task SaveLateAsync(CancellationToken cancellationToken)
    {
        if (!_unsaved) return;
        try
        {
            await SaveNowAsync(store.State);
        }
        catch
        {
            _saving.Change(_saveDelay, Timeout.InfiniteTimeSpan);
            throw;
        }
    }
}
