using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>Makes the route table of one outbound port.</summary>
/// <remarks>
/// Pure. One virtual host per service with HTTP on the port, one per host that only a VirtualService knows, and a last
/// one for all else. A domain belongs to the first that claims it, full names before short ones: an Envoy refuses a
/// table in which a domain occurs twice. The networks of an entry are domains for our own sidecars only: to a stock Envoy
/// they would be names that nobody calls.
/// </remarks>
internal static class RouteTranslator
{
    /// <summary>The port of requests that name none; it has a table even when no service has it.</summary>
    public const int DefaultPort = 80;

    private const string Everything = "*";

    /// <summary>The ports that have a table, ascending.</summary>
    public static IEnumerable<int> Ports(ProxyView view)
    {
        var ports = new SortedSet<int> { DefaultPort };
        foreach (var service in view.Services)
        {
            ports.UnionWith(service.Ports.Where(p => p.Protocol.IsHttp()).Select(p => p.Number));
        }

        // A host that has no service is called on every port that has a table, whoever is used there.
        if (!view.IsOnDemand || view.UnknownHosts.IsEmpty) return ports;
        foreach (var service in view.Mesh.Registry.VisibleTo(view.Scope.Namespace))
        {
            ports.UnionWith(service.Ports.Where(p => p.Protocol.IsHttp()).Select(p => p.Number));
        }

        return ports;
    }

    public static RouteConfiguration Translate(ProxyView view, int port)
    {
        var claims = new DomainClaims(port);
        var services = view.Services.Where(s => s.FindPort(port)?.Protocol.IsHttp() is true).ToList();
        foreach (var service in services) claims.Claim(service.Host, [service.Host]);
        foreach (var (host, _) in view.UnknownHostsAt(port)) claims.Claim(host, [host]);
        foreach (var service in services)
        {
            var names = VirtualHostDomains.NamesOf(service, view.Scope.Namespace);
            if (view.Scope.Mode is ProxyMode.Sidecar) names = names.Concat(VirtualHostDomains.NetworksOf(service));
            claims.Claim(service.Host, view.IsOnDemand ? names.Where(name => IsOwn(view, service, name, port)) : names);
        }

        var table = new RouteConfiguration
        {
            Name = $"{port}",
            IgnorePortInHostMatching = true,
            ValidateClusters = false,
        };
        var undeclared = new UndeclaredPorts(view);
        table.VirtualHosts.AddRange(services.Select(service => ForService(view, service, port, claims, undeclared)));
        foreach (var (host, source) in view.UnknownHostsAt(port))
        {
            if (ForUnknown(view, host, source, port, claims) is { } unknown) table.VirtualHosts.Add(unknown);
        }

        if (claims.Claim(Everything, [Everything])) table.VirtualHosts.Add(ForEverythingElse(view));
        return table;
    }

    // The first that claims a name may be one that is not used, and so not here.
    private static bool IsOwn(ProxyView view, Service service, string name, int port) =>
        new HostDirectory(view.Mesh, view.Scope.Namespace).OwnerOf(name, port) == service.Host;

    private static VirtualHost ForService(
        ProxyView view, Service service, int port, DomainClaims claims, UndeclaredPorts undeclared)
    {
        var routes = view.VirtualServices.Find(service.Host) is { } source
            ? HttpRouteTranslator.Translate(view, source, port)
            : [];
        if (routes.Count == 0) routes = [HttpRouteTranslator.Default(view, service, port)];
        var host = Host(view, $"{service.Host}:{port}", claims.Of(service.Host), routes);
        host.Metadata = undeclared.Of(service, service.FindPort(port)!);
        return host;
    }

    private static VirtualHost? ForUnknown(
        ProxyView view, string host, Sourced<VirtualService> source, int port, DomainClaims claims)
    {
        var routes = HttpRouteTranslator.Translate(view, source, port);
        return routes.Count == 0 ? null : Host(view, $"{host}:{port}", claims.Of(host), routes);
    }

    private static VirtualHost ForEverythingElse(ProxyView view)
    {
        if (view.OutboundMode is OutboundTrafficMode.RegistryOnly)
        {
            return Host(view, view.IsOnDemand ? OnDemand.Name : "block_all", [Everything], [new Route
            {
                Name = "block_all",
                Match = new RouteMatch { Prefix = "/" },
                DirectResponse = new DirectResponseAction { Status = 502 },
            }]);
        }

        return Host(view, view.IsOnDemand ? OnDemand.Name : "allow_any", [Everything], [new Route
        {
            Name = "allow_any",
            Match = new RouteMatch { Prefix = "/" },
            Route_ = RouteActionTranslator.Unlimited(ClusterName.Passthrough),
        }]);
    }

    private static VirtualHost Host(
        ProxyView view, string name, IEnumerable<string> domains, IEnumerable<Route> routes) => new()
    {
        Name = name,
        Domains = { domains },
        Routes = { routes },
        IncludeRequestAttemptCount = true,
        PerRequestBufferLimitBytes = (uint?)view.Mesh.Settings.RequestBufferLimit,
    };
}
