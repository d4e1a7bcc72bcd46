using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Routing.GatewayApi;
using MeshOrleans.Model.Topology;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>
/// What does not fit about routes of the Gateway API: parents and backends that there are not, and VirtualServices whose
/// routes no longer count because a route is attached to the service.
/// </summary>
public static class AttachedRouteAnalysis
{
    /// <summary>Routes have no effect, as others come before them.</summary>
    public const string OverriddenCode = "MSH2009";

    /// <summary>VirtualServices of the mesh whose hosts have routes of the Gateway API, in the order of their keys.</summary>
    /// <param name="resources">All resources of the mesh; only routes and VirtualServices are looked at.</param>
    public static ImmutableArray<AnalysisFinding> Of(IEnumerable<ConfigResource> resources)
    {
        var all = resources.ToList();
        var found = Overridden<RequestRoute>(all, v => !v.Http.IsEmpty, "http routes")
            .Concat(Overridden<ConnectionRoute>(all, v => !v.Tls.IsEmpty || !v.Tcp.IsEmpty, "tls and tcp routes"));
        return [.. found.OrderBy(f => f.Resource)];
    }

    private static IEnumerable<AnalysisFinding> Overridden<TRoute>(
        List<ConfigResource> all, Predicate<VirtualService> isMeant, string what)
        where TRoute : AttachedRoute
    {
        var routes = (
            from resource in all
            where resource.Spec is TRoute
            from parent in ((TRoute)resource.Spec).ParentRefs
            where parent.IsService
            let ns = parent.NamespaceFrom(resource.Key.Namespace)
            select (Host: HostName.Of(parent.Name, ns), Resource: resource))
            .ToLookup(route => route.Host, route => route.Resource, StringComparer.Ordinal);
        return
            from resource in all
            where resource.Spec is VirtualService { IsForSidecars: true } service && isMeant(service)
            from host in ((VirtualService)resource.Spec).Hosts.Index()
            let name = HostName.Resolve(host.Item, resource.Key.Namespace)
            where routes[name].Any()
            select Finding(resource, host.Index, name, [.. routes[name].Order(ConfigResource.ByAge)], what);
    }

    internal static void Analyze(AnalysisSubject subject, AnalysisReport report)
    {
        var routes = RouteAge.OldestFirst(subject.Of<AttachedRoute>());
        var conflicts = RouteConflicts.Of(routes, subject.Places);
        foreach (var (resource, route) in routes)
        {
            foreach (var parent in RouteStatus.Of(resource, route, subject.Places, conflicts))
            {
                var at = FieldPath.Root.At("spec").At("parentRefs").At(parent.Index);
                foreach (var condition in parent.Conditions.Where(c => c is { Type: StatusCondition.Accepted, Holds: false }))
                {
                    report.Add(
                        AnalysisCode.ReferencedResourceNotFound,
                        resource,
                        at,
                        $"is not attached ({condition.Reason}): {condition.Message}");
                }

                if (parent.Waits.Length > 0) report.Add(AnalysisCode.Overridden, resource, at, $"has no effect there: {parent.Waits}");
            }

            foreach (var (backend, path) in RouteBackends.Of(route))
            {
                var isGranted = !route.ParentRefs.Any(parent => parent.IsGateway);
                var found = BackendResolver.Find(backend, resource.Key, subject.Places, isGranted);
                if (found.IsResolved) continue;
                report.Add(
                    AnalysisCode.ReferencedResourceNotFound,
                    resource,
                    path,
                    route is RequestRoute
                        ? $"{found.Message}; requests that are sent there are answered with 500"
                        : $"{found.Message}; connections that are led there are closed");
            }
        }
    }

    private static AnalysisFinding Finding(
        ConfigResource resource, int host, string name, ImmutableArray<ConfigResource> routes, string what) => new(
        resource.Key,
        new Violation(
            FieldPath.Root.At("spec").At("hosts").At(host),
            $"the {what} for {name} do not count where {string.Join(", ", routes.Select(r => r.Key).Distinct())} does: "
                + "routes that are attached to a Service come before VirtualServices. Make them one or the other",
            OverriddenCode,
            Severity.Warning,
            Resource: resource.Key.ToString()),
        [resource.Key, .. routes.Select(r => r.Key).Distinct()]);
}
