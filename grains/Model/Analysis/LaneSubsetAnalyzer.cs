using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Analysis;

/// <summary>
/// Routes to a subset of which all members are of lanes: requests outside of these are answered with 503 there (MSH2025).
/// </summary>
internal static class LaneSubsetAnalyzer
{
    public static void Analyze(AnalysisSubject subject, AnalysisReport report, LaneDirectory lanes)
    {
        var subsets = subject.Of<DestinationRule>()
            .SelectMany(r => r.Spec.Subsets.Select(s => (Host: HostName.Resolve(r.Spec.Host, r.Resource.Key.Namespace), Subset: s)))
            .ToLookup(s => s.Subset.Name, StringComparer.Ordinal);
        foreach (var (resource, spec) in subject.Of<VirtualService>())
        {
            foreach (var (destination, path) in VirtualServices.DestinationsOf(spec).Where(d => d.Destination.Subset.Length > 0))
            {
                var host = HostName.Resolve(destination.Host, resource.Key.Namespace);
                if (subject.Registry.Find(host, resource.Key.Namespace) is not { } service) continue;
                var found = subsets[destination.Subset].FirstOrDefault(s => HostName.Matches(s.Host, host)).Subset;
                var over = lanes.Of(service);
                if (found is null || over.IsEmpty) continue;
                var members = LaneAnalyzer.MembersOf(subject, service)
                    .Where(w => LabelSelector.Matches(found.Labels, w.Labels))
                    .ToList();
                if (members.Count == 0 || members.Exists(w => !over.Any(lane => lane.Has(w)))) continue;
                report.Add(
                    AnalysisCode.LaneTakesEveryMember,
                    resource,
                    path.At("subset"),
                    $"all members of subset {found.Name} of {host} are of lanes: requests outside of them are answered with 503");
            }
        }
    }
}
