using System.Collections.Immutable;

namespace MeshOrleans.Grains.Callers;

/// <remarks>
/// Saved before it answers where a caller is new or was last known some minutes ago; what has moved by less is kept in
/// memory. An activation that ends loses those minutes of "last seen", and no caller.
/// </remarks>
internal sealed class PlaintextCallersGrain(
    [PersistentState("callers", StorageNames.Mesh)] IPersistentState<PlaintextCallersState> store,
    TimeProvider clock) : Grain, IPlaintextCallersGrain
{
    private PlaintextCallersState _current = null!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _current = store.State;
        return Task.CompletedTask;
    }

    public async Task TellAsync(ImmutableArray<CallerReport> reports, CancellationToken cancellationToken)
    {
        var next = PlaintextCallersMachine.Tell(_current, reports, clock.GetUtcNow());
        if (PlaintextCallersMachine.MustBeSaved(store.State, next)) await this.SaveAsync(store, next);
        _current = next;
    }

    public Task<ImmutableArray<CallerReport>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult(PlaintextCallersMachine.List(_current, clock.GetUtcNow()));

    public async Task<int> ForgetAsync(string address, CancellationToken cancellationToken)
    {
        var (next, count) = PlaintextCallersMachine.Forget(_current, address, clock.GetUtcNow());
        await this.SaveAsync(store, next);
        _current = next;
        return count;
    }
}
