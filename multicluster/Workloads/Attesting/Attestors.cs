using MeshOrleans.Model.Identity;

namespace MeshOrleans.Multicluster.Workloads.Attesting;

/// <summary>All ways to prove who a process is, and whether that is the node which it says to be.</summary>
public sealed class Attestors(IEnumerable<IAttestor> attestors)
{
    /// <summary>
    /// Finds out what can be found out without using anything up; it may take as long as others take to answer.
    /// </summary>
    public Task<Attestation> ExamineAsync(Evidence evidence, CancellationToken cancellationToken) =>
        Find(evidence)?.ExamineAsync(evidence, cancellationToken) ?? Task.FromResult<Attestation>(
            new Attestation.Refused(
                "The bearer is neither a join token nor another one that proves a service account here."));

    /// <summary>Decides on evidence.</summary>
    /// <param name="evidence">What is presented.</param>
    /// <param name="examined">What <see cref="ExamineAsync"/> has found.</param>
    /// <param name="use">For what.</param>
    /// <param name="node">The node that the caller says to be; empty when it does not say.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<Attestation> AdmitAsync(
        Evidence evidence, Attestation examined, EvidenceUse use, string node, CancellationToken cancellationToken)
    {
        var found = examined is Attestation.OneTime && Find(evidence) is { } attestor
            ? await attestor.RedeemAsync(evidence, use, cancellationToken)
            : examined;
        return Judge(evidence, found, node);
    }

    /// <summary>What <see cref="AdmitAsync"/> would decide; nothing is used up.</summary>
    public async Task<Attestation> LookAsync(
        Evidence evidence, Attestation examined, EvidenceUse use, string node, CancellationToken cancellationToken)
    {
        var found = examined is Attestation.OneTime && Find(evidence) is { } attestor
            ? await attestor.LookAsync(evidence, use, cancellationToken)
            : examined;
        return Judge(evidence, found, node);
    }

    /// <summary>What the way is called by which evidence proves something.</summary>
    public string NameOf(Evidence evidence) => Find(evidence)?.Name ?? "";

    /// <summary>What the evidence was presented for has been done.</summary>
    public Task FinishAsync(Evidence evidence, CancellationToken cancellationToken) =>
        Find(evidence)?.FinishAsync(evidence, cancellationToken) ?? Task.CompletedTask;

    private Attestation Judge(Evidence evidence, Attestation found, string node)
    {
        if (found is not Attestation.Proved proved) return found;
        if (proved.Node is null && !proved.MayReattest)
        {
            return new Attestation.Refused(
                $"By {NameOf(evidence)} a node gets one certificate (reattest in the access file), and what was presented "
                + "does not say which node it is for: use the token of a pod, or a join token minted for a node.");
        }

        return node.Length > 0 && proved.Node is { Name: var own } && !own.Agrees(NodeName.Of(node))
            ? new Attestation.Contradicted(
                $"What was presented is for node '{own}', and not for '{Printable.ForLog(node)}'.")
            : found;
    }

    private IAttestor? Find(Evidence evidence) => attestors.FirstOrDefault(attestor => attestor.Recognises(evidence));
}
