using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Multicluster.Workloads.Attesting;

/// <summary>
/// The one way to a certificate for whoever proves who it is, over REST and over gRPC: attested, then signed and
/// remembered in one write of the identity's grain. What fails before that write leaves a node as unknown as it was.
/// </summary>
public sealed class CertificateIssuer(Attestors attestors, IGrainFactory grains)
{
    /// <summary>Attests, signs, and finishes the use of what was presented.</summary>
    public async Task<Issuance> IssueAsync(
        CertificateOrder order, TrustDomain trustDomain, CancellationToken cancellationToken)
    {
        // before a token is used: it is not to be lost to what there will be no certificate for
        if (!CsrReader.TryRead(order.Csr.AsSpan(), out _, out var fault)) return new Issuance.Invalid(fault);
        if (order.Examined is Attestation.OneTime
            && await LookAsync(order, trustDomain, cancellationToken) is var look and not Attestation.Proved)
        {
            return new Issuance.Denied(look);
        }

        var found = await RedeemAsync(order, cancellationToken);
        if (found is not Attestation.Proved proved) return new Issuance.Denied(found);
        var issuance = await SignAsync(order, proved, trustDomain, cancellationToken);
        if (issuance is Issuance.Issued) await attestors.FinishAsync(order.Evidence, cancellationToken);
        return issuance;
    }

    /// <summary>
    /// Attests, and says whether the node could have a certificate; what is good for one use is not used up, so that whoever
    /// has more to ask can do so before <see cref="RedeemAsync"/>.
    /// </summary>
    public async Task<Attestation> LookAsync(
        CertificateOrder order, TrustDomain trustDomain, CancellationToken cancellationToken)
    {
        var found = await attestors.LookAsync(order.Evidence, order.Examined, order.Use, order.Node, cancellationToken);
        if (found is not Attestation.Proved proved) return found;
        var request = RequestOf(order, proved);
        if (request.Proof is { MayRepeat: true, Serial.Length: 0 }) return found; // nothing can be held against it
        var identity = grains.GetGrain<IIdentityGrain>(IdOf(order, proved, trustDomain).ToString());
        return await identity.FindNodeFaultAsync(request, cancellationToken) switch
        {
            null => found,
            IssueResult.Known => Known(order, request.NodeId),
            IssueResult.OtherNode(var own) => Other(order, own),
            IssueResult.Superseded => Superseded(request.NodeId),
            var other => throw new InvalidOperationException($"Unknown result {other.GetType().Name}."),
        };
    }

    /// <summary>Attests. What was presented is used, and to be finished.</summary>
    public Task<Attestation> RedeemAsync(CertificateOrder order, CancellationToken cancellationToken) =>
        attestors.AdmitAsync(order.Evidence, order.Examined, order.Use, order.Node, cancellationToken);

    /// <summary>Signs for what has been admitted.</summary>
    public async Task<Issuance> SignAsync(
        CertificateOrder order, Attestation.Proved proved, TrustDomain trustDomain, CancellationToken cancellationToken)
    {
        var id = IdOf(order, proved, trustDomain);
        var request = RequestOf(order, proved);
        return await grains.GetGrain<IIdentityGrain>(id.ToString()).IssueAsync(request, cancellationToken) switch
        {
            IssueResult.Issued(var chain, var view) => new Issuance.Issued(id, chain, view),
            IssueResult.Refused(var reason) => new Issuance.Invalid(reason),
            IssueResult.Known => new Issuance.Denied(Known(order, request.NodeId)),
            IssueResult.OtherNode(var own) => new Issuance.Denied(Other(order, own)),
            IssueResult.Superseded => new Issuance.Denied(Superseded(request.NodeId)),
            IssueResult.TooOften(var retryAfter) => new Issuance.TooOften(retryAfter),
            var other => throw new InvalidOperationException($"Unknown result {other.GetType().Name}."),
        };
    }

    // a certificate is of one trust domain, whatever this control plane's is
    private static SpiffeId IdOf(CertificateOrder order, Attestation.Proved proved, TrustDomain trustDomain) =>
        proved.Certificate?.Id ?? SpiffeId.ForWorkload(trustDomain, proved.Namespace, proved.ServiceAccount);

    private static IssueRequest RequestOf(CertificateOrder order, Attestation.Proved proved)
    {
        var node = order.Node.Length > 0 ? order.Node : proved.Node?.Name.ToString() ?? order.Nameless;
        var serial = proved.Certificate?.Serial ?? "";
        var isNameless = serial.Length > 0 && order.Node.Length == 0;
        var proof = new NodeProof(
            proved.Node?.Key ?? "", proved.MayReattest, serial, isNameless, proved.Certificate is { IsEnded: true });
        return new IssueRequest(order.Csr, node, order.Lifetime, proof);
    }

    private static Attestation.Contradicted Other(CertificateOrder order, string own) => new(
        $"The certificate that was presented is that of node '{own}', and not of '{Printable.ForLog(order.Node)}'.");

    private static Attestation.Refused Superseded(string node) => new(
        $"The certificate that was presented is neither the newest of '{Printable.ForLog(node)}' nor the one before: use the newest, "
        + "or a join token, or the token of a pod.");

    private Attestation.Refused Known(CertificateOrder order, string node) => new(
        $"'{Printable.ForLog(node)}' has had a certificate before, and by {attestors.NameOf(order.Evidence)} it does not get "
        + "another one (reattest in the access file).");
}
