using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Multicluster.Workloads.Members;

/// <summary>
/// Whether one who has connected by a certificate may be the member that he says to be: his certificate is that of this node, and
/// what he says of it is within the rules.
/// </summary>
public sealed class MemberAdmission(IGrainFactory grains, IMemberRules rules)
{
    /// <summary>What the rules have against a claim, as a sentence; null when there is nothing.</summary>
    public async Task<string?> FindFaultAsync(MemberClaim claim, CancellationToken cancellationToken) =>
        rules.FindFault(claim) is null ? null : await rules.FindFaultAsync(claim, cancellationToken);

    /// <summary>
    /// Why a certificate does not let its holder act for a node, as a sentence; null when it does. Of one that is neither the node's
    /// newest nor the one before nobody knows whose it was: it has been about to end.
    /// </summary>
    /// <param name="id">Whose it is.</param>
    /// <param name="serial">Its serial, upper-case hex.</param>
    /// <param name="node">The node, <c>namespace/name</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<string?> FindNodeFaultAsync(
        SpiffeId id, string serial, string node, CancellationToken cancellationToken)
    {
        var request = new IssueRequest([], node, Lifetime: null, new NodeProof("", MayRepeat: true, serial));
        return await grains.GetGrain<IIdentityGrain>(id.ToString()).FindNodeFaultAsync(request, cancellationToken) switch
        {
            IssueResult.OtherNode(var own) => $"its certificate is that of '{own}'",
            IssueResult.Superseded => "its certificate is neither the newest of its node nor the one before",
            _ => null,
        };
    }
}
