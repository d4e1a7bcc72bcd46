namespace MeshOrleans.Multicluster.Workloads.Attesting;

/// <summary>
/// By the certificate in use, for the same service account. One that has expired does not get through the handshake, and
/// is no proof on a connection that was there before either: the way back for who was away for too long is another one
/// (<see cref="Evidence.EndedCertificate"/>). To which node it was issued, the grain of the identity knows.
/// </summary>
internal sealed class CertificateAttestor(TimeProvider clock) : IAttestor
{
    public string Name => "certificate";

    public bool Recognises(Evidence evidence) => evidence is Evidence.Certificate;

    public Task<Attestation> ExamineAsync(Evidence evidence, CancellationToken cancellationToken)
    {
        var (id, serial, end) = (Evidence.Certificate)evidence;
        return Task.FromResult<Attestation>(end < clock.GetUtcNow()
            ? new Attestation.Refused(
                $"The certificate ended at {end.UtcDateTime:u}: use a join token, or the token of a pod; or present it as ended, without "
                + "a client certificate, where the access file lets it count.")
            : id is { Namespace: { } ns, ServiceAccount: { } serviceAccount }
            ? new Attestation.Proved(ns, serviceAccount, "", Node: null, MayReattest: true)
            {
                Certificate = new ShownCertificate(id, serial, IsEnded: false),
            }
            : new Attestation.Refused($"{id} is no service account."));
    }

    public Task<Attestation> RedeemAsync(Evidence evidence, EvidenceUse use, CancellationToken cancellationToken) =>
        ExamineAsync(evidence, cancellationToken);

    public Task FinishAsync(Evidence evidence, CancellationToken cancellationToken) => Task.CompletedTask;
}
