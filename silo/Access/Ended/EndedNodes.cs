using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Identity;
using MeshOrleans.Multicluster.Workloads.Attesting;

namespace MeshOrleans.Silo.Access.Ended;

/// <summary>
/// What the mesh knows of the node of a certificate that has ended, once that is proved: whether it is the node's
/// last, and whether the node is a member that nobody has removed. A lease that ran out removes nobody: that is what
/// an outage does.
/// </summary>
internal sealed class EndedNodes(IGrainFactory grains, IdentityRoles roles, EndedRefusals refusals)
{
    /// <summary>Whether the node may have another certificate by it.</summary>
    public async Task<Attestation> JudgeAsync(
        EndedCertificate certificate, EndedPolicy policy, CancellationToken cancellationToken)
    {
        var (id, serial, end) = certificate;
        if (id is not { Namespace: { } ns, ServiceAccount: { } account })
        {
            return Refuse(certificate, $"{id} is no service account.");
        }

        var identity = grains.GetGrain<IIdentityGrain>(id.ToString());
        if (await identity.FindNodeAsync(serial, cancellationToken) is not { } node)
        {
            return Refuse(
                certificate,
                $"The certificate, which ended at {end:u}, is neither the newest of its node nor the one before, or it was "
                + $"revoked: {EndedCertificate.Advice}.");
        }

        var name = NodeName.Of(node);
        if (await FindWorkloadFaultAsync(name, ns, account, cancellationToken) is { } fault)
        {
            return Refuse(
                certificate, $"The certificate is that of node '{node}', and {fault}: {EndedCertificate.Advice}.");
        }

        if (!policy.GrantsRoles && !(await roles.OfAsync(ns, account, cancellationToken)).Grants.IsEmpty)
        {
            return Refuse(
                certificate,
                $"Service account '{account}' of namespace '{ns}' has roles at the API, and a certificate that has ended is no "
                + "proof enough for those (attestation.endedCertificates.grantsRoles of the access file): "
                + $"{EndedCertificate.Advice}.");
        }

        return new Attestation.Proved(ns, account, "", new ProvedNode("", name), MayReattest: true)
        {
            Certificate = new ShownCertificate(id, serial, IsEnded: true),
        };
    }

    /// <summary>It may not, for a reason that is told to the caller, and noted here.</summary>
    public Attestation Refuse(EndedCertificate certificate, string reason)
    {
        refusals.Note(certificate, reason);
        return new Attestation.Refused(reason);
    }

    private async Task<string?> FindWorkloadFaultAsync(
        NodeName node, string ns, string account, CancellationToken cancellationToken)
    {
        var space = node.Namespace.Length > 0 ? node.Namespace : ns;
        if (space != ns || !ResourceName.IsDnsLabel(space) || !ResourceName.IsDnsSubdomain(node.Name))
        {
            return "that is no workload of its namespace";
        }

        var workload = grains.GetGrain<IWorkloadGrain>($"{space}/{node.Name}");
        var owner = await workload.FindAccountAsync(cancellationToken);
        return owner is null ? $"workload {space}/{node.Name} is not registered, or was removed"
            : owner != account ? $"workload {space}/{node.Name} is registered with service account '{owner}'"
            : null;
    }
}
