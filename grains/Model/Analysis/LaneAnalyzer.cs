using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>
/// Lanes that serve nobody, that leave nobody to the others, and services that they name in vain (MSH2024, MSH2025, MSH2026).
/// That a service has nobody of a lane that covers it is what lanes are for.
/// </summary>
internal static class LaneAnalyzer
{
    public static void Analyze(AnalysisSubject subject, AnalysisReport report)
    {
        var all = subject.Of<Lane>();
        if (all.Count == 0) return;
        var lanes = new LaneDirectory(all.Select(lane => (lane.Resource.Key, lane.Spec)), subject.RootNamespace);
        var covered = subject.Registry.Services.Select(service => (service, lanes.Of(service))).ToList();
        foreach (var (resource, lane) in all)
        {
            AnalyzeHosts(subject, report, resource, lane);
            var own = covered.Where(c => c.Item2.Any(l => ReferenceEquals(l.Spec, lane))).Select(c => c.service).ToList();
            if (subject.KnowsMembers) AnalyzeMembers(subject, report, resource, lane, own);
        }

        if (!subject.KnowsMembers) return;
        foreach (var (service, over) in covered) AnalyzeService(subject, report, service, [.. over], all);
        LaneSubsetAnalyzer.Analyze(subject, report, lanes);
    }

    private static void AnalyzeHosts(AnalysisSubject subject, AnalysisReport report, ConfigResource resource, Lane lane)
    {
        var (ns, isOfMesh) = (resource.Key.Namespace, resource.Key.Namespace == subject.RootNamespace);
        foreach (var (i, host) in lane.Hosts.Index())
        {
            var name = HostName.Resolve(host, ns);
            var services = subject.Registry.Services.Where(s => s.Host == name).ToList();
            if (services.Exists(s => isOfMesh || s.Namespace == ns)) continue;
            report.Add(
                AnalysisCode.LaneHostNotCovered,
                resource,
                FieldPath.Root.At("spec").At("hosts").At(i),
                services.Count == 0
                    ? $"there is no service {name}"
                    : $"{name} is a service of namespace {services[0].Namespace}: only lanes of that namespace and of "
                        + $"{subject.RootNamespace} cover it");
        }
    }

    private static void AnalyzeMembers(
        AnalysisSubject subject, AnalysisReport report, ConfigResource resource, Lane lane, List<Service> services)
    {
        var members = services.SelectMany(service => MembersOf(subject, service));
        if (members.Any(w => LabelSelector.Matches(lane.Labels, w.Labels))) return;
        report.Add(
            AnalysisCode.LaneWithoutMembers,
            resource,
            FieldPath.Root.At("spec").At("labels"),
            services.Count == 0
                ? "covers no service"
                : $"no member of the {services.Count} services that it covers has the labels "
                    + string.Join(",", lane.Labels.Select(l => $"{l.Key}={l.Value}")));
    }

    private static void AnalyzeService(
        AnalysisSubject subject,
        AnalysisReport report,
        Service service,
        List<ServiceLane> lanes,
        IReadOnlyList<(ConfigResource Resource, Lane Spec)> all)
    {
        var members = MembersOf(subject, service);
        if (members.Count == 0 || members.Exists(w => !lanes.Exists(lane => lane.Has(w)))) return;
        foreach (var lane in lanes.Where(lane => members.Exists(lane.Has)))
        {
            var resource = all.First(one => ReferenceEquals(one.Spec, lane.Spec)).Resource;
            report.Add(
                AnalysisCode.LaneTakesEveryMember,
                resource,
                FieldPath.Root.At("spec").At("labels"),
                $"all members of {service.Host} are of lanes: nobody serves the requests outside of them");
        }
    }

    internal static List<Workload> MembersOf(AnalysisSubject subject, Service service) =>
        [.. service.Ports.SelectMany(port => subject.Registry.Endpoints(service, port)).Select(e => e.Workload)];
}
