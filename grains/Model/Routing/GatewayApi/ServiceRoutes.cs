using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>All routes of the Gateway API that count for one service, for the same clients, as one VirtualService.</summary>
/// <remarks>
/// Routes of the service's own namespace are for all clients. Those of another namespace are for the clients of that
/// namespace only, which follow them instead. Either are merged among themselves. Source: GEP-1294, "Namespace
/// boundaries" and "Multiple routes for a Service".
/// </remarks>
/// <param name="Service">The service.</param>
/// <param name="Sources">The routes, the oldest first.</param>
/// <param name="Spec">What they say together; it is exported to the clients that follow it.</param>
public sealed record ServiceRoutes(Service Service, ImmutableArray<ConfigResource> Sources, VirtualService Spec)
{
    /// <summary>Composes the routes that are attached to services.</summary>
    /// <param name="routes">All routes of the mesh, the oldest first.</param>
    /// <param name="services">All services of the mesh.</param>
    /// <returns>By host; those for one namespace come before those for all.</returns>
    public static ImmutableArray<ServiceRoutes> Compose(
        IEnumerable<(ConfigResource Resource, RequestRoute Route)> routes, ServiceRegistry services)
    {
        var composer = new RuleComposer(services);
        var attached =
            from route in routes
            from parent in route.Route.ParentRefs
            where parent.IsService
            let attachment = ServiceAttachment.Of(parent, route.Resource.Key.Namespace, services)
            where attachment.Service is not null
            select new Attached(route.Resource, route.Route, attachment.Service!, attachment.Port);
        return
        [
            .. attached
                .GroupBy(a => (a.Service.Host, a.Consumer))
                .OrderBy(group => group.Key.Host, StringComparer.Ordinal)
                .ThenByDescending(group => group.Key.Consumer, StringComparer.Ordinal)
                .Select(group => Join([.. group], group.Key.Consumer, composer)),
        ];
    }

    private static ServiceRoutes Join(ImmutableArray<Attached> attached, string consumer, RuleComposer composer)
    {
        var rows = attached.SelectMany(a => composer.Rows(a.Resource, a.Route, a.Port));
        return new ServiceRoutes(
            attached[0].Service,
            [.. attached.Select(a => a.Resource).DistinctBy(r => r.Key)],
            new VirtualService
            {
                Hosts = [attached[0].Service.Host],
                Http = [.. RouteRow.InOrder(rows).Select(row => row.Entry)],
                ExportTo = consumer.Length > 0 ? [consumer] : [],
            });
    }

    private sealed record Attached(ConfigResource Resource, RequestRoute Route, Service Service, int? Port)
    {
        /// <summary>The namespace whose clients follow the route; empty for all.</summary>
        public string Consumer => Resource.Key.Namespace == Service.Namespace ? "" : Resource.Key.Namespace;
    }
}
