using System.Collections.Immutable;

namespace MeshOrleans.Grains.Scopes;

/// <remarks>Saved with every call: gateways collect what they have to say for some time.</remarks>
internal sealed class WorkloadScopeGrain(
    [PersistentState("scope", StorageNames.Mesh)] IPersistentState<WorkloadScopeState> store,
    TimeProvider clock) : Grain, IWorkloadScopeGrain
{
    public Task<ImmutableArray<string>> RecallAsync(CancellationToken cancellationToken) =>
        Task.FromResult(WorkloadScopeMachine.Recall(store.State, clock.GetUtcNow()));

    public async Task RememberAsync(ImmutableArray<string> hosts, CancellationToken cancellationToken)
    {
        var next = WorkloadScopeMachine.Remember(store.State, hosts, clock.GetUtcNow());
        if (!ReferenceEquals(next, store.State)) await this.SaveAsync(store, next);
    }
}
