namespace MeshOrleans.Grains.Issuers;

internal sealed class IssuerKeysGrain(
    [PersistentState("issuer-keys", StorageNames.Mesh)] IPersistentState<IssuerKeysState> store,
    TimeProvider clock) : Grain, IIssuerKeysGrain
{
    private string Address => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        store.TellAsync(GrainFactory.GetMeshSnapshot(), cancellationToken);

    public Task ReplaceAsync(string keySet, int count, CancellationToken cancellationToken) =>
        CommitAsync(IssuerKeysMachine.Replace(store.State, Address, keySet, count, clock.GetUtcNow()));

    public Task NoteFailureAsync(string error, TimeSpan maxAge, CancellationToken cancellationToken) =>
        CommitAsync(IssuerKeysMachine.NoteFailure(store.State, Address, error, maxAge, clock.GetUtcNow()));

    public Task ForgetAsync(CancellationToken cancellationToken) => CommitAsync(IssuerKeysMachine.Forget(store.State));

    private Task CommitAsync(IssuerKeysState next) => ReferenceEquals(next, store.State)
        ? Task.CompletedTask
        : this.CommitAsync(store, next, GrainFactory.GetMeshSnapshot());
}
