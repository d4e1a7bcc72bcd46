using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Topology;

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
/// One kind has a place. At a service that goes by rank (GEP-1294, "Route types"). At a listener the older route has it:
/// of routes of requests, one of another kind that has any host in common with it counts for none of its own there (Gateway
/// API, GRPCRoute.hostnames). Routes of requests of one kind are merged; of those of connections only the oldest counts.
/// </remarks>
public sealed class RouteConflicts
{
    private static readonly ImmutableArray<string> _ranks =
        [RequestRoute.GrpcKind, RequestRoute.HttpKind, ConnectionRoute.TlsKind, ConnectionRoute.TcpKind];

    private readonly Dictionary<RoutePlace, string> _kinds = [];
    private readonly Dictionary<RoutePlace, ConfigKey> _oldest = [];
    private readonly Dictionary<(string Listener, ConfigKey Route), ConfigKey> _refused = [];

    private RouteConflicts()
    {
    }

    /// <summary>Looks at all routes.</summary>
    /// <param name="routes">All routes of the mesh, the oldest first (<see cref="RouteAge"/>).</param>
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
            select (Place: place, route.Resource.Key)).ToLookup(claim => IsOfRequests(claim.Place, claim.Key));
        conflicts.DecideRequests(claims[true]);
        conflicts.DecideOthers([.. claims[false]]);
        return conflicts;
    }

    /// <summary>Why a route does not have a place that it would like to; null when it has.</summary>
    internal RouteLoss? WhyLost(RoutePlace place, ConfigKey key)
    {
        if (IsOfRequests(place, key))
        {
            return _refused.TryGetValue((place.Listener, key), out var older)
                ? new RouteLoss($"{older}, of another kind, is attached there for a host that both name, and older", true)
                : null;
        }

        if (_kinds.TryGetValue(place.Whole, out var kind) && kind != key.Kind)
        {
            return new RouteLoss($"a route of kind {kind} is attached there and counts before it", true);
        }

        return key.Kind is ConnectionRoute.TlsKind or ConnectionRoute.TcpKind
            && _oldest.TryGetValue(place, out var oldest) && oldest != key
            ? new RouteLoss($"{oldest} is attached there, older, and takes its connections", false)
            : null;
    }

    private static bool IsOfRequests(RoutePlace place, ConfigKey key) =>
        place.Listener.Length > 0 && key.Kind is RequestRoute.HttpKind or RequestRoute.GrpcKind;

    private void DecideRequests(IEnumerable<(RoutePlace Place, ConfigKey Key)> claims)
    {
        foreach (var listener in claims.GroupBy(claim => claim.Place.Listener))
        {
            var taken = new List<(ConfigKey Key, HashSet<string> Hosts)>();
            foreach (var route in listener.GroupBy(claim => claim.Key, claim => claim.Place.Host)) // still the oldest first
            {
                var hosts = route.ToHashSet(StringComparer.Ordinal);
                var older = taken.Find(other => other.Key.Kind != route.Key.Kind && AreShared(other.Hosts, hosts)).Key;
                if (older is null) taken.Add((route.Key, hosts));
                else _refused.Add((listener.Key, route.Key), older);
            }
        }
    }

    private void DecideOthers(List<(RoutePlace Place, ConfigKey Key)> claims)
    {
        foreach (var (place, key) in claims)
        {
            var whole = place.Whole;
            if (_kinds.TryAdd(whole, key.Kind) || place.Listener.Length > 0) continue;
            if (_ranks.IndexOf(key.Kind) < _ranks.IndexOf(_kinds[whole])) _kinds[whole] = key.Kind;
        }

        foreach (var (place, key) in claims)
        {
            if (_kinds[place.Whole] == key.Kind) _oldest.TryAdd(place, key);
        }
    }

    private static bool AreShared(HashSet<string> some, HashSet<string> others) =>
        some.Any(one => others.Any(other => HostName.Overlap(one, other) is not null));
}

/// <summary>Why a route does not have a place.</summary>
/// <param name="Reason">As half a sentence.</param>
/// <param name="IsConflict">
/// It is none that the place accepts. Else it is accepted and waits, as the younger of two TCPRoutes does (Gateway API's
/// conformance, TCPRouteMultipleRoutesAttachment).
/// </param>
internal sealed record RouteLoss(string Reason, bool IsConflict);
