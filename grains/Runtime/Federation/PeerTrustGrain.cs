using System.Collections.Immutable;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Grains.Federation;

internal sealed class PeerTrustGrain(
    [PersistentState("trust", StorageNames.Mesh)] IPersistentState<PeerTrustState> store,
    IOptions<MeshOptions> mesh) : Grain, IPeerTrustGrain
{
    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        store.TellAsync(GrainFactory.GetMeshSnapshot(), cancellationToken);

    public async Task<LinkResult> HoldAsync(
        string link, ImmutableArray<string> rootsPem, CancellationToken cancellationToken)
    {
        var (next, result) = PeerTrustMachine.Hold(
            store.State, this.GetPrimaryKeyString(), mesh.Value.TrustDomain, link, rootsPem);
        await CommitAsync(next);
        return result;
    }

    public async Task<LinkResult> TellRevokedAsync(
        string link, ImmutableArray<string> crlsPem, CancellationToken cancellationToken)
    {
        var (next, result) = PeerTrustMachine.TellRevoked(store.State, this.GetPrimaryKeyString(), link, crlsPem);
        await CommitAsync(next);
        return result;
    }

    public Task ReleaseAsync(string link, CancellationToken cancellationToken) =>
        CommitAsync(PeerTrustMachine.Release(store.State, this.GetPrimaryKeyString(), link));

    private Task CommitAsync(PeerTrustState next) => ReferenceEquals(next, store.State)
        ? Task.CompletedTask
        : this.CommitAsync(store, next, GrainFactory.GetMeshSnapshot());
}
