using System.Collections.Immutable;
using MeshOrleans.Model;

namespace MeshOrleans.Grains.Identity;

internal sealed class IdentityGrain(
    [PersistentState("identity", StorageNames.Mesh)] IPersistentState<IdentityState> store,
    TimeProvider clock,
    IRandomSource random) : Grain, IIdentityGrain
{
    private string SpiffeId => this.GetPrimaryKeyString();

    private ICertificateAuthorityGrain Authority =>
        GrainFactory.GetGrain<ICertificateAuthorityGrain>(MeshKeys.Default);

    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        store.TellAsync(GrainFactory.GetMeshSnapshot(), cancellationToken);

    public async Task<IssueResult> IssueAsync(IssueRequest request, CancellationToken cancellationToken)
    {
        if (IdentityMachine.WhyNot(store.State, request.NodeId, clock.GetUtcNow()) is { } reason)
        {
            return new IssueResult.Refused(reason);
        }

        if (FindNodeFault(request) is { } fault) return fault;
        var wanted = new SignRequest(SpiffeId, request.Csr, request.Lifetime, []);
        return await Authority.ExamineAsync(wanted, cancellationToken) switch
        {
            ExamineResult.Acceptable terms =>
                await IssueOnceAsync(wanted, IssueKey.Of(request, terms), request.Proof, cancellationToken),
            ExamineResult.Refused(var refusal) => new IssueResult.Refused(refusal),
            var other => throw new InvalidOperationException($"Unknown result {other.GetType().Name}."),
        };
    }

    public Task<IssueResult?> FindNodeFaultAsync(IssueRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(FindNodeFault(request));

    public Task<int> RotateAsync(CancellationToken cancellationToken) =>
        RotateOverAsync(TimeSpan.Zero, cancellationToken);

    public async Task<int> RotateOverAsync(TimeSpan spread, CancellationToken cancellationToken)
    {
        var (next, count) = IdentityMachine.Rotate(store.State, SpiffeId, spread, random, clock.GetUtcNow());
        await CommitAsync(next);
        return count;
    }

    public async Task<bool> ForgetAsync(string serial, CancellationToken cancellationToken)
    {
        var next = IdentityMachine.Forget(store.State, SpiffeId, serial, clock.GetUtcNow());
        if (ReferenceEquals(next, store.State)) return false;
        await CommitAsync(next);
        return true;
    }

    public Task<ImmutableArray<CertificateView>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult(IdentityMachine.List(store.State, clock.GetUtcNow()));

    private async Task<IssueResult> IssueOnceAsync(
        SignRequest wanted, IssueKey key, NodeProof? proof, CancellationToken cancellationToken)
    {
        var (reserved, record) = IdentityMachine.Reserve(
            store.State, key, [.. AuthorityCertificates.NewSerial()], clock.GetUtcNow());
        if (record.Answer is { } known) return known;

        // Saved before anything is signed: whoever comes after a crash, or in another activation, finds the serial.
        if (!ReferenceEquals(reserved, store.State)) await CommitAsync(reserved);
        var request = wanted with { Lifetime = key.Lifetime, Reservation = record.Reservation };
        switch (await Authority.SignAsync(request, cancellationToken))
        {
            case SignResult.Signed signed:
                var (next, answer) = IdentityMachine.Record(
                    store.State, SpiffeId, record, signed, random.NextDouble(), clock.GetUtcNow());
                await CommitAsync(WithNode(next, proof, key.CsrHash));
                return answer;
            case SignResult.Refused(var reason):
                await CommitAsync(IdentityMachine.Release(store.State, record, clock.GetUtcNow()));
                return new IssueResult.Refused(reason);
            case var other:
                throw new InvalidOperationException($"Unknown result {other.GetType().Name}.");
        }
    }

    private IssueResult? FindNodeFault(IssueRequest request)
    {
        if (request.Proof is not { } proof) return null;
        if (IdentityMachine.OtherNode(store.State, proof.Serial, request.NodeId) is { } own)
        {
            return new IssueResult.OtherNode(own);
        }

        var csrHash = request.Csr.IsEmpty ? "" : IssueKey.HashOf(request.Csr);
        return AttestationMachine.Admits(store.State.Attested, proof, csrHash, clock.GetUtcNow())
            ? null
            : new IssueResult.Known();
    }

    // with the certificate, in one write: one that was not signed makes no node known
    private IdentityState WithNode(IdentityState next, NodeProof? proof, string csrHash) => proof is null
        ? next
        : next with { Attested = AttestationMachine.Record(next.Attested, proof, csrHash, clock.GetUtcNow()) };

    private Task CommitAsync(IdentityState next) => this.CommitAsync(store, next, GrainFactory.GetMeshSnapshot());
}
