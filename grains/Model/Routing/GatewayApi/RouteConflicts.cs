using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>A place that not all routes can share: a host of a listener, or a port of a service.</summary>
/// <param name="Listener">The listener, as routes bind to it; empty for a service.</param>
/// <param name="Host">The host.</param>
/// <param name="Port">The port of the service; 0 for a listener.</param>
/// <param name="Consumer">The namespace whose clients it is for; empty for all.</param>
/// <param name="ServerName">The name in a handshake to a service that a TLSRoute asks for; empty for other kinds.</param>
internal readonly record struct RoutePlace(string Listener, string Host, int Port, string Consumer, string ServerName)
{
    private const string AnyName = "*";

    /// <summary>The place as those see it who do not go by the name in a handshake.</summary>
    public RoutePlace Whole => this with { ServerName = "" };

    /// <summary>The places that a parent of a route gives it.</summary>
    public static IEnumerable<RoutePlace> Of(
        ParentReference parent, ConfigKey key, AttachedRoute route, AttachmentPlaces places)
    {
        if (parent.IsService && ServiceAttachment.Of(parent, key, places.Services) is { Service: { } service } at)
        {
            var consumer = ServiceRoutes.ConsumerOf(key, service);
            return
                from port in at.Ports
                from name in NamesOf(key.Kind, route)
                select new RoutePlace("", service.Host, port.Number, consumer, name);
        }

        if (!parent.IsGateway) return [];
        var ns = parent.NamespaceFrom(key.Namespace);
        return
            from taken in ListenerAttachment.Of(parent, key, route.Hostnames, places)?.Listeners ?? []
            from host in taken.Hosts
            select new RoutePlace(ListenerServers.NameOf(ns, parent.Name, taken.Listener.Name), host, 0, "", "");
    }

    private static IEnumerable<string> NamesOf(string kind, AttachedRoute route) =>
        kind != ConnectionRoute.TlsKind ? [""]
        : route.Hostnames.IsEmpty ? [AnyName]
        : route.Hostnames.Select(name => name.ToLowerInvariant()).Distinct();
}

/// <summary>Which routes have a place that not all can share.</summary>
/// <remarks>
/// One kind has a place: at a service by rank (GEP-1294, "Route types"), at a listener that of the oldest route (Gateway
/// API, GRPCRoute). Routes of requests of that kind are merged; of those of connections only the oldest counts.
/// </remarks>
public sealed class RouteConflicts
{
    private static readonly ImmutableArray<string> _ranks =
        [RequestRoute.GrpcKind, RequestRoute.HttpKind, ConnectionRoute.TlsKind, ConnectionRoute.TcpKind];

    private readonly Dictionary<RoutePlace, string> _kinds = [];
    private readonly Dictionary<RoutePlace, ConfigKey> _oldest = [];

    private RouteConflicts()
    {
    }

    /// <summary>Looks at all routes.</summary>
    /// <param name="routes">All routes of the mesh, the oldest first.</param>
    /// <param name="places">The Gateways and services.</param>
    public static RouteConflicts Of(
        IReadOnlyCollection<(ConfigResource Resource, AttachedRoute Route)> routes, AttachmentPlaces places)
    {
        var conflicts = new RouteConflicts();
        if (routes.All(r => r.Resource.Key.Kind == RequestRoute.HttpKind)) return conflicts;
        var claims = (
            from route in routes
            from parent in route.Route.ParentRefs
            from place in RoutePlace.Of(parent, route.Resource.Key, route.Route, places)
            select (Place: place, route.Resource.Key)).ToList();
        foreach (var (place, key) in claims)
        {
            var whole = place.Whole;
            if (conflicts._kinds.TryAdd(whole, key.Kind) || place.Listener.Length > 0) continue;
            if (_ranks.IndexOf(key.Kind) < _ranks.IndexOf(conflicts._kinds[whole])) conflicts._kinds[whole] = key.Kind;
        }

        foreach (var (place, key) in claims)
        {
            if (conflicts._kinds[place.Whole] == key.Kind) conflicts._oldest.TryAdd(place, key);
        }

        return conflicts;
    }

    /// <summary>Why a route does not have a place that it would like to; null when it has.</summary>
    internal string? WhyLost(RoutePlace place, ConfigKey key)
    {
        if (_kinds.TryGetValue(place.Whole, out var kind) && kind != key.Kind)
        {
            return $"a route of kind {kind} is attached there and counts before it";
        }

        return key.Kind is ConnectionRoute.TlsKind or ConnectionRoute.TcpKind
            && _oldest.TryGetValue(place, out var oldest) && oldest != key
            ? $"{oldest} is attached there and older"
            : null;
    }
}
