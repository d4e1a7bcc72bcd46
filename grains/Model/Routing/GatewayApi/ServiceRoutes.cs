using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>All routes of the Gateway API that count for one service, for the same clients, as one VirtualService.</summary>
/// <remarks>
/// Routes of the service's own namespace are for all clients. Those of another namespace are for the clients of that
/// namespace only, which follow them instead, port by port. Either are merged among themselves. Source: GEP-1294,
/// "Namespace boundaries" and "Multiple routes for a Service".
/// </remarks>
/// <param name="Service">The service.</param>
/// <param name="Sources">The routes, the oldest first.</param>
/// <param name="Spec">What they say together; it is exported to the clients that follow it.</param>
/// <param name="Ports">The ports of the service at which they count.</param>
public sealed record ServiceRoutes(
    Service Service, ImmutableArray<ConfigResource> Sources, VirtualService Spec, ImmutableSortedSet<int> Ports)
{
    /// <summary>Composes the routes that are attached to services.</summary>
    /// <param name="routes">All routes of the mesh, the oldest first.</param>
    /// <param name="places">The services of the mesh.</param>
    /// <param name="conflicts">Which routes have which port.</param>
    /// <returns>By host; those for one namespace come before those for all.</returns>
    public static ImmutableArray<ServiceRoutes> Compose(
        IEnumerable<(ConfigResource Resource, AttachedRoute Route)> routes, AttachmentPlaces places, RouteConflicts conflicts)
    {
        var attached =
            from route in routes
            from parent in route.Route.ParentRefs
            where parent.IsService
            let service = ServiceAttachment.Of(parent, route.Resource.Key, places.Services).Service
            where service is not null
            let all = RoutePlace.Of(parent, route.Resource.Key, route.Route, places).ToImmutableArray()
            let own = all.RemoveAll(place => conflicts.WhyLost(place, route.Resource.Key) is not null)
            where !own.IsEmpty
            let isWhole = parent is { Port: null, SectionName: "" } && own.Length == all.Length
            select new Attached(route.Resource, route.Route, service, own, isWhole);
        return
        [
            .. attached
                .GroupBy(a => (a.Service.Host, a.Consumer))
                .OrderBy(group => group.Key.Host, StringComparer.Ordinal)
                .ThenByDescending(group => group.Key.Consumer, StringComparer.Ordinal)
                .Select(group => Join([.. group], group.Key.Consumer, places)),
        ];
    }

    /// <summary>These, and at the ports where they say nothing those that count after them.</summary>
    /// <param name="next">Other routes of the same service.</param>
    public ServiceRoutes Over(ServiceRoutes next)
    {
        var free = next.Ports.Except(Ports);
        if (free.IsEmpty) return this;
        var forRequests = free.Where(port => Service.FindPort(port)!.Protocol.IsHttp()).ToImmutableSortedSet();
        return new ServiceRoutes(
            Service,
            [.. Sources, .. next.Sources],
            Spec with
            {
                Http = [.. Spec.Http, .. next.Spec.Http.Select(r => PortLimits.To(r, forRequests)).OfType<HttpRoute>()],
                Tls = [.. Spec.Tls, .. next.Spec.Tls.Select(r => PortLimits.To(r, free)).OfType<TlsRoute>()],
                Tcp = [.. Spec.Tcp, .. next.Spec.Tcp.Select(r => PortLimits.To(r, free)).OfType<TcpRoute>()],
            },
            Ports.Union(free));
    }

    /// <summary>
    /// These with what a VirtualService says of the service: of requests where no route of requests is attached, of
    /// connections at the ports where no route is.
    /// </summary>
    /// <param name="other">The VirtualService, with its destinations in full.</param>
    public VirtualService Over(VirtualService other)
    {
        var free = Service.Ports.Select(p => p.Number).ToImmutableSortedSet().Except(Ports);
        return Spec with
        {
            Http = Spec.Http.IsEmpty ? other.Http : Spec.Http,
            Tls = [.. Spec.Tls, .. other.Tls.Select(r => PortLimits.To(r, free)).OfType<TlsRoute>()],
            Tcp = [.. Spec.Tcp, .. other.Tcp.Select(r => PortLimits.To(r, free)).OfType<TcpRoute>()],
        };
    }

    /// <summary>The namespace whose clients follow a route; empty for all.</summary>
    internal static string ConsumerOf(ConfigKey route, Service service) =>
        route.Namespace == service.Namespace ? "" : route.Namespace;

    private static ServiceRoutes Join(ImmutableArray<Attached> attached, string consumer, AttachmentPlaces places)
    {
        var requests = new RuleComposer(places, isGranted: true);
        var connections = new ConnectionComposer(places, isGranted: true);
        var rows =
            from a in attached
            where a.Route is RequestRoute
            from port in a.RequestPorts
            from row in requests.Rows(a.Resource, (RequestRoute)a.Route, port)
            select row;
        var tls =
            from a in attached
            where a.Route is ConnectionRoute
            from port in a.Places.GroupBy(place => place.Port)
            where a.Service.FindPort(port.Key)!.Protocol.IsTls()
            let names = port.Select(place => place.ServerName is "" ? "*" : place.ServerName)
            select connections.ByName(a.Resource.Key, (ConnectionRoute)a.Route, [.. names], port.Key);
        var tcp =
            from a in attached
            where a.Route is ConnectionRoute
            from place in a.Places
            where !a.Service.FindPort(place.Port)!.Protocol.IsTls()
            select connections.Whole(a.Resource.Key, (ConnectionRoute)a.Route, place.Port);
        return new ServiceRoutes(
            attached[0].Service,
            [.. attached.Select(a => a.Resource).DistinctBy(r => r.Key)],
            new VirtualService
            {
                Hosts = [attached[0].Service.Host],
                Http = [.. RouteRow.InOrder(rows).Select(row => row.Entry)],
                Tls = [.. tls],
                Tcp = [.. tcp],
                ExportTo = consumer.Length > 0 ? [consumer] : [],
            },
            [.. attached.SelectMany(a => a.Places).Select(place => place.Port)]);
    }

    /// <param name="IsWhole">It is bound to no port, and has all that are for its kind.</param>
    private sealed record Attached(
        ConfigResource Resource, AttachedRoute Route, Service Service, ImmutableArray<RoutePlace> Places, bool IsWhole)
    {
        public string Consumer => ConsumerOf(Resource.Key, Service);

        public IEnumerable<int?> RequestPorts => IsWhole ? [null] : Places.Select(place => (int?)place.Port);
    }
}
