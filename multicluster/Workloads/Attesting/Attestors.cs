using MeshOrleans.Grains;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Multicluster.Workloads.Attesting;

/// <summary>All ways to prove who a process is, and whether one is good for a node that has had a certificate before.</summary>
public sealed class Attestors(IEnumerable<IAttestor> attestors, IGrainFactory grains)
{
    /// <summary>Decides on evidence.</summary>
    /// <param name="evidence">What is presented.</param>
    /// <param name="use">For what.</param>
    /// <param name="nodeId">The node that is to have a certificate.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<Attestation> AttestAsync(
        Evidence evidence, EvidenceUse use, string nodeId, CancellationToken cancellationToken)
    {
        if (Find(evidence) is not { } attestor)
        {
            return new Attestation.Refused("The bearer is neither a join token nor another one that proves a service account here.");
        }

        var found = await attestor.AttestAsync(evidence, use, cancellationToken);
        if (found is not Attestation.Proved proved || evidence is Evidence.Certificate) return found;
        return await IsAdmittedAsync(proved, use, nodeId, cancellationToken)
            ? found
            : new Attestation.Refused(
                $"'{nodeId}' has had a certificate before, and by {attestor.Name} it does not get another one "
                + "(reattest in the access file).");
    }

    /// <summary>The identity that a proof is of.</summary>
    public async Task<SpiffeId> IdentityOfAsync(Attestation.Proved proved, CancellationToken cancellationToken)
    {
        var bundle = await grains.GetGrain<ICertificateAuthorityGrain>(MeshKeys.Default).GetBundleAsync(cancellationToken);
        return SpiffeId.ForWorkload(TrustDomain.Parse(bundle.TrustDomain), proved.Namespace, proved.ServiceAccount);
    }

    /// <summary>What the evidence was presented for has been done.</summary>
    public Task FinishAsync(Evidence evidence, CancellationToken cancellationToken) =>
        Find(evidence)?.FinishAsync(evidence, cancellationToken) ?? Task.CompletedTask;

    private IAttestor? Find(Evidence evidence) => attestors.FirstOrDefault(attestor => attestor.Recognises(evidence));

    private async Task<bool> IsAdmittedAsync(
        Attestation.Proved proved, EvidenceUse use, string nodeId, CancellationToken cancellationToken)
    {
        var id = await IdentityOfAsync(proved, cancellationToken);
        return await grains.GetGrain<IAttestedNodeGrain>($"{id}|{nodeId}").AdmitAsync(
            use.Claim, proved.MayReattest, cancellationToken);
    }
}
