using MeshOrleans.Multicluster.Workloads.Attesting;
using MeshOrleans.Xds.Gateway.Snapshots;

namespace MeshOrleans.Silo.Access.Ended;

/// <summary>
/// By a certificate that has ended, for as long after its end as the access file lets it count: what a node has left
/// when the control plane was away for longer than its certificate lasted. Its key signs the request, as no handshake
/// takes the certificate.
/// </summary>
/// <remarks>
/// One that has not ended by this clock counts as well: the clock of who presents it is ahead, and what it proves is
/// no less.
/// </remarks>
internal sealed class EndedCertificateAttestor(
    AccessFile access, SnapshotHolder snapshots, EndedNodes nodes, TimeProvider clock) : IAttestor
{
    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(5);

    public string Name => "ended certificate";

    public bool Recognises(Evidence evidence) => evidence is Evidence.EndedCertificate;

    public async Task<Attestation> ExamineAsync(Evidence evidence, CancellationToken cancellationToken)
    {
        var policy = access.Current.Ended;
        if (policy.Grace == TimeSpan.Zero)
        {
            return new Attestation.Refused(
                "Certificates that have ended do not count here "
                + "(attestation.endedCertificates.grace of the access file is not "
                + $"set): {EndedCertificate.Advice}.");
        }

        if (snapshots.Current.LocalBundle is not { } bundle)
        {
            return new Attestation.Unavailable("The mesh is not known here yet.", _retryAfter);
        }

        var now = clock.GetUtcNow();
        var shown = (Evidence.EndedCertificate)evidence;
        if (!EndedCertificate.TryVerify(shown, bundle, now, out var certificate, out var fault))
        {
            return new Attestation.Refused(fault);
        }

        return now < certificate.NotAfter + policy.Grace
            ? await nodes.JudgeAsync(certificate, policy, cancellationToken)
            : nodes.Refuse(
                certificate,
                $"The certificate ended at {certificate.NotAfter:u} and counted for {policy.Grace} after that "
                + "(attestation.endedCertificates.grace of the access file), which is over: "
                + $"{EndedCertificate.Advice}.");
    }

    public Task<Attestation> RedeemAsync(Evidence evidence, EvidenceUse use, CancellationToken cancellationToken) =>
        ExamineAsync(evidence, cancellationToken);

    public Task FinishAsync(Evidence evidence, CancellationToken cancellationToken) => Task.CompletedTask;
}
