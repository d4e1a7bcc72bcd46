using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>All routes of the Gateway API for one host of one listener, as one VirtualService.</summary>
/// <param name="Source">The oldest of the routes.</param>
/// <param name="Spec">What they say together, bound to the listener.</param>
public sealed record ListenerRoutes(ConfigResource Source, VirtualService Spec)
{
    /// <summary>Composes the routes that are attached to Gateways, in fixed order.</summary>
    /// <param name="routes">All routes of the mesh, the oldest first.</param>
    /// <param name="places">The Gateways and services.</param>
    /// <param name="conflicts">Which routes have which host.</param>
    public static ImmutableArray<ListenerRoutes> Compose(
        IEnumerable<(ConfigResource Resource, AttachedRoute Route)> routes, AttachmentPlaces places, RouteConflicts conflicts)
    {
        var attached =
            from route in routes
            from parent in route.Route.ParentRefs
            where parent.IsGateway
            from place in RoutePlace.Of(parent, route.Resource.Key, route.Route, places)
            where conflicts.WhyLost(place, route.Resource.Key) is null
            select (Place: place, route.Resource, route.Route);
        return
        [
            .. attached
                .DistinctBy(a => (a.Place, a.Resource.Key)) // a route may name a Gateway and one of its listeners
                .GroupBy(a => a.Place, a => (a.Resource, a.Route))
                .OrderBy(group => group.Key.Listener, StringComparer.Ordinal)
                .ThenBy(group => group.Key.Host, StringComparer.Ordinal)
                .Select(group => Join(group.Key, [.. group], places)),
        ];
    }

    private static ListenerRoutes Join(
        RoutePlace place, List<(ConfigResource Resource, AttachedRoute Route)> routes, AttachmentPlaces places)
    {
        var requests = new RuleComposer(places, isGranted: false);
        var connections = new ConnectionComposer(places, isGranted: false);
        var rows =
            from r in routes
            where r.Route is RequestRoute
            from row in requests.Rows(r.Resource, (RequestRoute)r.Route, port: null)
            select row;
        var tls =
            from r in routes
            where r.Resource.Key.Kind is ConnectionRoute.TlsKind
            select connections.ByName(r.Resource.Key, (ConnectionRoute)r.Route, [place.Host], port: null);
        var tcp =
            from r in routes
            where r.Resource.Key.Kind is ConnectionRoute.TcpKind
            select connections.Whole(r.Resource.Key, (ConnectionRoute)r.Route, port: null);
        return new ListenerRoutes(routes[0].Resource, new VirtualService
        {
            Hosts = [place.Host],
            Gateways = [place.Listener],
            Http = [.. RouteRow.InOrder(rows).Select(row => row.Entry)],
            Tls = [.. tls],
            Tcp = [.. tcp],
        });
    }
}
