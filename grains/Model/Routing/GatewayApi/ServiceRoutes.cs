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
    /// <param name="places">The services of the mesh.</param>
    /// <param name="conflicts">Which kind of route has which port.</param>
    /// <returns>By host; those for one namespace come before those for all.</returns>
    public static ImmutableArray<ServiceRoutes> Compose(
        IEnumerable<(ConfigResource Resource, RequestRoute Route)> routes, AttachmentPlaces places, RouteConflicts conflicts)
    {
        var composer = new RuleComposer(places, isGranted: true);
        var attached =
            from route in routes
            from parent in route.Route.ParentRefs
            where parent.IsService
            let attachment = ServiceAttachment.Of(parent, route.Resource.Key.Namespace, places.Services)
            where attachment.Service is not null
            from port in PortsOf(route.Resource.Key, route.Route, parent, places, conflicts, attachment.Port)
            select new Attached(route.Resource, route.Route, attachment.Service!, port);
        return
        [
            .. attached
                .GroupBy(a => (a.Service.Host, a.Consumer))
                .OrderBy(group => group.Key.Host, StringComparer.Ordinal)
                .ThenByDescending(group => group.Key.Consumer, StringComparer.Ordinal)
                .Select(group => Join([.. group], group.Key.Consumer, composer)),
        ];
    }

    /// <summary>The namespace whose clients follow a route; empty for all.</summary>
    internal static string ConsumerOf(ConfigKey route, Service service) =>
        route.Namespace == service.Namespace ? "" : route.Namespace;

    /// <summary>The ports at which a route counts: the one that it is bound to, or where another kind has some, the others.</summary>
    private static IEnumerable<int?> PortsOf(
        ConfigKey key, RequestRoute route, ParentReference parent, AttachmentPlaces places, RouteConflicts conflicts, int? port)
    {
        var all = RoutePlace.Of(parent, key, route, places).ToList();
        var own = all.FindAll(place => !conflicts.Excludes(place, key.Kind));
        return own.Count == all.Count ? [port] : own.Select(place => (int?)place.Port);
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
        public string Consumer => ConsumerOf(Resource.Key, Service);
    }
}
