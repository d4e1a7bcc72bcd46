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
    /// <param name="conflicts">Which kind of route has which host.</param>
    public static ImmutableArray<ListenerRoutes> Compose(
        IEnumerable<(ConfigResource Resource, RequestRoute Route)> routes, AttachmentPlaces places, RouteConflicts conflicts)
    {
        var composer = new RuleComposer(places, isGranted: false);
        var attached =
            from route in routes
            from parent in route.Route.ParentRefs
            where parent.IsGateway
            from place in RoutePlace.Of(parent, route.Resource.Key, route.Route, places)
            where !conflicts.Excludes(place, route.Resource.Key.Kind)
            select (Place: place, route.Resource, route.Route);
        return
        [
            .. attached
                .DistinctBy(a => (a.Place, a.Resource.Key)) // a route may name a Gateway and one of its listeners
                .GroupBy(a => a.Place)
                .OrderBy(group => group.Key.Listener, StringComparer.Ordinal)
                .ThenBy(group => group.Key.Host, StringComparer.Ordinal)
                .Select(group => new ListenerRoutes(group.First().Resource, new VirtualService
                {
                    Hosts = [group.Key.Host],
                    Gateways = [group.Key.Listener],
                    Http =
                    [
                        .. RouteRow.InOrder(group.SelectMany(a => composer.Rows(a.Resource, a.Route, port: null)))
                            .Select(row => row.Entry),
                    ],
                })),
        ];
    }
}
