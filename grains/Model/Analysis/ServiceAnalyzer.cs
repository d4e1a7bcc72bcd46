using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>
/// Ports of Services and ServiceEntries that do not say what is spoken on them, or say two things (IST0116, IST0118, IST0134,
/// IST0150, IST0177).
/// </summary>
internal static class ServiceAnalyzer
{
    public static void Analyze(AnalysisSubject subject, AnalysisReport report)
    {
        var services = subject.Of<KubernetesService>();
        foreach (var (resource, service) in services) AnalyzeNames(resource, service, report);
        foreach (var (resource, deployment) in subject.Of<KubernetesDeployment>())
        {
            AnalyzeShared(resource, deployment, services, report);
        }

        var entries = subject.Of<ServiceEntry>();
        foreach (var (resource, entry) in entries) AnalyzeAddresses(resource, entry, report);
        AnalyzeProtocols(entries, report);
    }

    private static void AnalyzeNames(ConfigResource resource, KubernetesService service, AnalysisReport report)
    {
        foreach (var (i, port) in service.Ports.Index())
        {
            if (AppProtocols.Of(port.AppProtocol, port.Name, number: 0, port.Protocol) is not AppProtocol.Unspecified) continue;
            var isAlias = service.Type == "ExternalName";
            report.Add(
                isAlias
                    ? AnalysisCode.ExternalNameServiceTypeInvalidPortName
                    : AnalysisCode.PortNameIsNotUnderNamingConvention,
                resource,
                FieldPath.Root.At("spec").At("ports").At(i).At("name"),
                $"port {port.Port} does not say what is spoken on it, and sidecars find it out by the client's first bytes: where the "
                    + "server speaks first, or no sidecar calls, name it protocol[-suffix], such as http or tcp-db, or set appProtocol");
        }
    }

    private static void AnalyzeShared(
        ConfigResource resource,
        KubernetesDeployment deployment,
        IEnumerable<(ConfigResource Resource, KubernetesService Spec)> services,
        AnalysisReport report)
    {
        var shared =
            from service in services
            where service.Resource.Key.Namespace == resource.Key.Namespace && !service.Spec.Selector.IsEmpty
            where LabelSelector.Matches(service.Spec.Selector, deployment.TemplateLabels)
            from port in service.Spec.Ports
            where port.TargetPortName.Length == 0
            let protocol = AppProtocols.Of(port.AppProtocol, port.Name, port.Port, port.Protocol)
            group (service.Resource.Key.Name, Protocol: protocol) by port.TargetPort ?? port.Port into same
            where same.Select(s => s.Protocol).Distinct().Count() > 1
            orderby same.Key
            select same;
        foreach (var port in shared)
        {
            report.Add(
                AnalysisCode.DeploymentAssociatedToMultipleServices,
                resource,
                FieldPath.Root.At("spec"),
                $"port {port.Key} is served by {string.Join(" and ", port.Select(s => $"{s.Name} ({s.Protocol})"))}, "
                    + "which say different things of what is spoken on it");
        }
    }

    private static void AnalyzeAddresses(ConfigResource resource, ServiceEntry entry, AnalysisReport report)
    {
        if (!entry.Addresses.IsEmpty) return;
        foreach (var (i, port) in entry.Ports.Index())
        {
            if (AppProtocols.Parse(port.Protocol) is not (null or AppProtocol.Tcp)) continue;
            report.Add(
                AnalysisCode.ServiceEntryAddressesRequired,
                resource,
                FieldPath.Root.At("spec").At("ports").At(i),
                $"port {port.Number} carries opaque bytes and the entry has no addresses: it takes connections to every "
                    + "address on that port");
        }
    }

    private static void AnalyzeProtocols(
        IEnumerable<(ConfigResource Resource, ServiceEntry Spec)> entries, AnalysisReport report)
    {
        var claims =
            from entry in entries
            from host in entry.Spec.Hosts
            from port in entry.Spec.Ports.Index()
            let protocol = AppProtocols.Parse(port.Item.Protocol) ?? AppProtocol.Unspecified
            group (entry.Resource, port.Index, Protocol: protocol) by (Host: host.ToLowerInvariant(), port.Item.Number);
        foreach (var claim in claims.Where(c => c.Select(e => e.Protocol).Distinct().Count() > 1))
        {
            foreach (var (resource, index, protocol) in claim)
            {
                var others = claim.Where(c => c.Protocol != protocol)
                    .Select(c => $"{c.Resource.Key.Namespace}/{c.Resource.Key.Name} ({c.Protocol})");
                report.Add(
                    AnalysisCode.ConflictingServiceEntryProtocol,
                    resource,
                    FieldPath.Root.At("spec").At("ports").At(index).At("protocol"),
                    $"{claim.Key.Host}:{claim.Key.Number} is {protocol} here and something else in "
                        + $"{string.Join(", ", others)}: the oldest counts");
            }
        }
    }
}
