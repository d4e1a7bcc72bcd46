using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>A place that routes of one kind only can have: a host of a listener, or a port of a service.</summary>
/// <param name="Listener">The listener, as routes bind to it; empty for a service.</param>
/// <param name="Host">The host.</param>
/// <param name="Port">The port of the service; 0 for a listener.</param>
/// <param name="Consumer">The namespace whose clients it is for; empty for all.</param>
internal readonly record struct RoutePlace(string Listener, string Host, int Port, string Consumer)
{
    /// <summary>The places that a parent of a route gives it.</summary>
    public static IEnumerable<RoutePlace> Of(
        ParentReference parent, ConfigKey key, RequestRoute route, AttachmentPlaces places)
    {
        if (parent.IsService && ServiceAttachment.Of(parent, key.Namespace, places.Services) is { Service: { } service } at)
        {
            var consumer = ServiceRoutes.ConsumerOf(key, service);
            return service.Ports.Where(p => at.Port is null || at.Port == p.Number)
                .Select(p => new RoutePlace("", service.Host, p.Number, consumer));
        }

        if (!parent.IsGateway) return [];
        var ns = parent.NamespaceFrom(key.Namespace);
        return
            from taken in ListenerAttachment.Of(parent, key, route.Hostnames, places)?.Listeners ?? []
            from host in taken.Hosts
            select new RoutePlace(ListenerServers.NameOf(ns, parent.Name, taken.Listener.Name), host, 0, "");
    }
}

/// <summary>Which kind of route has a place where HTTPRoutes and GRPCRoutes meet.</summary>
/// <remarks>
/// At a service GRPCRoutes (GEP-1294, "Route types"), at a listener the kind of the oldest route (Gateway API, GRPCRoute).
/// </remarks>
public sealed class RouteConflicts
{
    private readonly Dictionary<RoutePlace, string> _winners = [];

    private RouteConflicts()
    {
    }

    /// <summary>Looks at all routes.</summary>
    /// <param name="routes">All routes of the mesh, the oldest first.</param>
    /// <param name="places">The Gateways and services.</param>
    public static RouteConflicts Of(
        IReadOnlyCollection<(ConfigResource Resource, RequestRoute Route)> routes, AttachmentPlaces places)
    {
        var conflicts = new RouteConflicts();
        if (routes.Select(r => r.Resource.Key.Kind).Distinct().Count() < 2) return conflicts;
        var claims =
            from route in routes
            from parent in route.Route.ParentRefs
            from place in RoutePlace.Of(parent, route.Resource.Key, route.Route, places)
            select (place, route.Resource.Key.Kind);
        foreach (var (place, kind) in claims)
        {
            if (conflicts._winners.TryAdd(place, kind)) continue;
            if (place.Listener.Length == 0 && kind == RequestRoute.GrpcKind) conflicts._winners[place] = kind;
        }

        return conflicts;
    }

    /// <summary>Whether another kind of route has a place.</summary>
    internal bool Excludes(RoutePlace place, string kind) =>
        _winners.TryGetValue(place, out var winner) && winner != kind;
}
