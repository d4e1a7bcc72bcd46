using System.Collections.Immutable;
using MeshOrleans.Model;

namespace MeshOrleans.Grains.Identity;

internal sealed class IdentityGrain(
    [PersistentState("identity", StorageNames.Mesh)] IPersistentState<IdentityState> store,
    TimeProvider clock,
    IRandomSource random) : Grain, IIdentityGrain
{
    private string SpiffeId => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        store.TellAsync(GrainFactory.GetMeshSnapshot(), cancellationToken);

    public async Task<IssueResult> IssueAsync(IssueRequest request, CancellationToken cancellationToken)
    {
        if (IdentityMachine.WhyNot(store.State, request.NodeId, clock.GetUtcNow()) is { } reason)
        {
            return new IssueResult.Refused(reason);
        }

        var authority = GrainFactory.GetGrain<ICertificateAuthorityGrain>(MeshKeys.Default);
        var answer = await authority.SignAsync(
            new SignRequest(SpiffeId, request.Csr, request.Lifetime, []), cancellationToken);
        if (answer is not SignResult.Signed signed)
        {
            return new IssueResult.Refused(
                answer is SignResult.Refused refused ? refused.Reason : "The authority did not sign.");
        }

        var (next, view) = IdentityMachine.Record(
            store.State, SpiffeId, request.NodeId, signed, random.NextDouble(), clock.GetUtcNow());
        await this.CommitAsync(store, next, GrainFactory.GetMeshSnapshot());
        return new IssueResult.Issued(signed.ChainPem, view);
    }

    public async Task<int> RotateAsync(CancellationToken cancellationToken)
    {
        var (next, count) = IdentityMachine.Rotate(store.State, SpiffeId, clock.GetUtcNow());
        await this.CommitAsync(store, next, GrainFactory.GetMeshSnapshot());
        return count;
    }

    public Task<ImmutableArray<CertificateView>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult(IdentityMachine.List(store.State, clock.GetUtcNow()));
}
