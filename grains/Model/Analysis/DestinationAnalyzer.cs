using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Analysis;

/// <summary>Destinations that lead nowhere, or not to one port (IST0101, IST0112).</summary>
internal static class DestinationAnalyzer
{
    public static void Analyze(AnalysisSubject subject, AnalysisReport report)
    {
        var subsets = subject.Of<DestinationRule>()
            .SelectMany(r => r.Spec.Subsets.Select(s => (Host: HostName.Resolve(r.Spec.Host, r.Resource.Key.Namespace), s.Name)))
            .ToLookup(s => s.Name, s => s.Host, StringComparer.Ordinal);
        foreach (var (resource, service) in subject.Of<VirtualService>())
        {
            foreach (var (destination, path) in VirtualServices.DestinationsOf(service))
            {
                var host = HostName.Resolve(destination.Host, resource.Key.Namespace);
                if (Find(subject, host, resource.Key.Namespace) is not { } target)
                {
                    report.Add(
                        AnalysisCode.ReferencedResourceNotFound,
                        resource,
                        path.At("host"),
                        $"there is no service {host}; requests that are sent there are answered with 503");
                    continue;
                }

                if (destination.Subset.Length > 0 && !subsets[destination.Subset].Any(h => HostName.Matches(h, host)))
                {
                    report.Add(
                        AnalysisCode.ReferencedResourceNotFound,
                        resource,
                        path.At("subset"),
                        $"no DestinationRule of {host} has a subset {destination.Subset}");
                }

                if (destination.Port is null && target.Ports.Length > 1)
                {
                    report.Add(
                        AnalysisCode.VirtualServiceDestinationPortSelectorRequired,
                        resource,
                        path,
                        $"{host} has the ports {string.Join(", ", target.Ports.Select(p => p.Number))}: say which by "
                            + "port.number, else it is the one that was called");
                }
            }
        }
    }

    private static Service? Find(AnalysisSubject subject, string host, string ns) =>
        subject.Registry.Find(host, ns)
        ?? subject.Registry.VisibleTo(ns).FirstOrDefault(s => s.Host.StartsWith('*') && HostName.Matches(s.Host, host));
}
