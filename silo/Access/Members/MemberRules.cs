using MeshOrleans.Grains;
using MeshOrleans.Grains.Config;
using MeshOrleans.Model.Config;
using MeshOrleans.Multicluster.Workloads.Members;
using MeshOrleans.Xds.Gateway.Snapshots;

namespace MeshOrleans.Silo.Access.Members;

/// <summary>The access file's rules for members, with the WorkloadGroups of the mesh.</summary>
internal sealed class MemberRules(AccessFile access, SnapshotHolder snapshots, IGrainFactory grains) : IMemberRules
{
    public string? FindFault(MemberClaim claim) => access.Current.Members.FindFault(
        claim, snapshots.Current.Config.GetValueOrDefault(KeyOf(claim))?.Spec as WorkloadGroup);

    public async Task<string?> FindFaultAsync(MemberClaim claim, CancellationToken cancellationToken)
    {
        var key = KeyOf(claim).ToString();
        var documents = await grains.GetGrain<IMeshConfigGrain>(MeshKeys.Default).GetDocumentsAsync(cancellationToken);
        var group = documents.FirstOrDefault(d => d.Key == key) is { } document
            ? ConfigJson.Read(document.Json).Spec as WorkloadGroup
            : null;
        return access.Current.Members.FindFault(claim, group);
    }

    private static ConfigKey KeyOf(MemberClaim claim) =>
        new(nameof(WorkloadGroup), claim.Namespace, claim.Registration.Group);
}
