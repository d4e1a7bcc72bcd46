using System.Collections.Immutable;
using MeshOrleans.Grains.Audit;
using MeshOrleans.Model.Identity;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Grains.Identity;

internal sealed partial class IdentityGrain(
    [PersistentState("parts", StorageNames.Mesh)] IPersistentState<IdentityIndex> index,
    [PersistentState("identity", StorageNames.Mesh)] IPersistentState<IdentityState> former,
    IssueParts tools,
    ILogger<IdentityGrain> logger) : Grain, IIdentityGrain
{
    private const int Created = 201;
    private const int TooMany = 429;

    private readonly IssueLimit _limit = IssueLimit.Of(tools.Options.Value);
    private IdentityParts? _parts;

    private string SpiffeId => this.GetPrimaryKeyString();

    private IdentityParts Parts => _parts ?? throw new InvalidOperationException("The identity is not loaded.");

    private DateTimeOffset Now => tools.Clock.GetUtcNow();

    private ICertificateAuthorityGrain Authority =>
        GrainFactory.GetGrain<ICertificateAuthorityGrain>(MeshKeys.Default);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _parts = new IdentityParts(this, GrainFactory, index, former);
        return _parts.LoadAsync(cancellationToken);
    }

    public async Task<IssueResult> IssueAsync(IssueRequest request, CancellationToken cancellationToken)
    {
        request = Named(request);
        var own = Parts.Of(IdentityParts.PlaceOf(request.NodeId));
        if (IdentityMachine.WhyNot(own, Parts.All, request.NodeId, Now) is { } reason)
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
        Task.FromResult(FindNodeFault(Named(request)));

    public Task<string?> FindNodeAsync(string serial, CancellationToken cancellationToken) =>
        Task.FromResult(IdentityMachine.OwnerOf(Parts.All, serial));

    public Task<int> RotateAsync(CancellationToken cancellationToken) =>
        RotateOverAsync(TimeSpan.Zero, cancellationToken);

    public async Task<int> RotateOverAsync(TimeSpan spread, CancellationToken cancellationToken)
    {
        var now = Now;
        var rotated = Parts.Numbers.ToDictionary(
            number => number,
            number => IdentityMachine.Rotate(Parts.Of(number), SpiffeId, spread, tools.Random, now));
        await Parts.CommitAsync(rotated.ToDictionary(pair => pair.Key, pair => pair.Value.Next));
        return rotated.Values.Sum(part => part.Count);
    }

    public async Task<bool> ForgetAsync(string serial, CancellationToken cancellationToken)
    {
        var isKnown = false;
        foreach (var number in Parts.Numbers)
        {
            var state = Parts.Of(number);
            var next = IdentityMachine.Forget(state, SpiffeId, serial, Now);
            if (ReferenceEquals(next, state)) continue;
            await Parts.CommitAsync(number, next);
            isKnown = true;
        }

        return isKnown;
    }

    public Task<ImmutableArray<CertificateView>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult(IdentityMachine.List(Parts.All, Now));

    private async Task<IssueResult> IssueOnceAsync(
        SignRequest wanted, IssueKey key, NodeProof? proof, CancellationToken cancellationToken)
    {
        var place = IdentityParts.PlaceOf(key.NodeId);
        var state = Parts.Of(place);
        var (reserved, record) = IdentityMachine.Reserve(state, key, [.. AuthorityCertificates.NewSerial()], Now);
        if (record.Answer is { } known) return known;

        // Saved before anything is signed: whoever comes after a crash, or in another activation, finds the serial.
        if (!ReferenceEquals(reserved, state))
        {
            var payer = PayerOf(key.NodeId, proof);
            if (_limit.Take(payer, (state.Generation, key.RootSequence), Now) is { } refusal)
            {
                return await RefuseAsync(key.NodeId, refusal);
            }

            await SweepAsync(place);
            await Parts.CommitAsync(place, reserved);
        }

        var request = wanted with { Lifetime = key.Lifetime, Reservation = record.Reservation };
        switch (await Authority.SignAsync(request, cancellationToken))
        {
            case SignResult.Signed signed:
                var (next, answer) = IdentityMachine.Record(
                    Parts.Of(place), SpiffeId, record, signed, proof?.Serial ?? "", tools.Random.NextDouble(), Now);
                await Parts.CommitAsync(place, WithNode(next, proof, key.CsrHash));
                if (proof is { IsEnded: true }) await NoteReattestedAsync(answer.View, proof.Serial);
                return answer;
            case SignResult.Refused(var reason):
                await Parts.CommitAsync(place, IdentityMachine.Release(Parts.Of(place), record, Now));
                return new IssueResult.Refused(reason);
            case var other:
                throw new InvalidOperationException($"Unknown result {other.GetType().Name}.");
        }
    }

    // one bucket for all spellings of a name; and a certificate that is no node's renews for any, but out of its own
    private string PayerOf(string nodeId, NodeProof? proof) =>
        proof is { Serial: { Length: > 0 } serial }
        && IdentityMachine.OwnerOf(Parts.All, serial) is { } own
        && NodeName.IsMadeUp(own)
            ? own
            : NodeName.Of(nodeId).Name;

    // one part at most with each certificate, so that what has ended leaves while the cost of one stays the same
    private async Task SweepAsync(int except)
    {
        var now = Now;
        foreach (var number in Parts.Numbers)
        {
            if (number == except || !IdentityMachine.IsStale(Parts.Of(number), now)) continue;
            await Parts.CommitAsync(number, IdentityMachine.Sweep(Parts.Of(number), SpiffeId, now));
            return;
        }
    }

    private async Task<IssueResult> RefuseAsync(string nodeId, IssueRefusal refusal)
    {
        if (refusal.IsFirst)
        {
            LogTooOften(SpiffeId, nodeId, refusal.RetryAfter);
            await NoteAsync(nodeId, "ISSUE", TooMany);
        }

        return new IssueResult.TooOften(refusal.RetryAfter);
    }

    private Task NoteReattestedAsync(CertificateView view, string ended)
    {
        LogReattested(SpiffeId, view.NodeId, view.Serial, ended);
        return NoteAsync(view.NodeId, "REATTEST", Created);
    }

    private async Task NoteAsync(string nodeId, string method, int status)
    {
        var entry = new AuditEntry(0, Now, SpiffeId, nodeId, method, "/v1/certificates", status, Revision: null, Gateway: "");
        try
        {
            await GrainFactory.GetGrain<IAuditGrain>(MeshKeys.Default).AppendAsync([entry], CancellationToken.None);
        }
        catch (Exception exception)
        {
            LogNotNoted(exception.Message); // it is a line of the log
        }
    }

    // who proves itself by a certificate and says no name is the node of that
    private IssueRequest Named(IssueRequest request) =>
        request.Proof is { IsNameless: true, Serial: { Length: > 0 } serial }
        && IdentityMachine.OwnerOf(Parts.All, serial) is { } own
            ? request with { NodeId = own }
            : request;

    private IssueResult? FindNodeFault(IssueRequest request)
    {
        if (request.Proof is not { } proof) return null;
        if (proof.Serial.Length > 0)
        {
            if (IdentityMachine.OwnerOf(Parts.All, proof.Serial) is not { } own) return new IssueResult.Superseded();
            if (!NodeName.IsMadeUp(own) && !NodeName.Of(own).Agrees(NodeName.Of(request.NodeId)))
            {
                return new IssueResult.OtherNode(own);
            }
        }

        var csrHash = request.Csr.IsEmpty ? "" : IssueKey.HashOf(request.Csr);
        return AttestationMachine.Admits(AttestationMachine.Find(Parts.All, proof.Attested), proof, csrHash, Now)
            ? null
            : new IssueResult.Known();
    }

    // with the certificate, in one write: one that was not signed makes no node known
    private IdentityState WithNode(IdentityState next, NodeProof? proof, string csrHash) => proof is null or { Attested: "" }
        ? next
        : next with
        {
            Attested = AttestationMachine.Record(
                next.Attested, proof, csrHash, Now, AttestationMachine.CrowdedUntil(Parts.All)),
        };

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Id} at {Node} asks for certificates too often, and gets the next one in {Wait}; told once.")]
    private partial void LogTooOften(string id, string node, TimeSpan wait);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Id} at {Node} gets certificate {Serial} by one that had ended, {Ended}: the access file lets it.")]
    private partial void LogReattested(string id, string node, string serial, string ended);

    [LoggerMessage(Level = LogLevel.Warning, Message = "That is not in the audit trail: {Reason}")]
    private partial void LogNotNoted(string reason);
}
