using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>VirtualServices of which sidecars follow only one, because several claim a host (IST0109).</summary>
internal static class HostConflictAnalyzer
{
    public static void Analyze(AnalysisSubject subject, AnalysisReport report)
    {
        var claims =
            from entry in subject.Of<VirtualService>()
            where VirtualServices.IsForMesh(entry.Spec)
            from host in entry.Spec.Hosts.Index()
            group (entry.Resource, entry.Spec, host.Index) by HostName.Resolve(host.Item, entry.Resource.Key.Namespace);
        foreach (var claim in claims)
        {
            foreach (var (resource, service, index) in claim)
            {
                var ns = resource.Key.Namespace;
                var others = claim
                    .Where(other => other.Resource.Key != resource.Key)
                    .Where(other => VirtualServices.MeetSomewhere(
                        service.ExportTo, ns, other.Spec.ExportTo, other.Resource.Key.Namespace))
                    .Select(other => $"{other.Resource.Key.Namespace}/{other.Resource.Key.Name}")
                    .ToList();
                if (others.Count == 0) continue;
                report.Add(
                    AnalysisCode.ConflictingMeshGatewayVirtualServiceHosts,
                    resource,
                    FieldPath.Root.At("spec").At("hosts").At(index),
                    $"{string.Join(", ", others)} and this one claim {claim.Key} in the mesh: sidecars follow the oldest "
                        + "that they see, and none of the others");
            }
        }
    }
}
