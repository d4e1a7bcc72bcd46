using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Routes;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Edge;

/// <summary>Makes the route tables of a gateway proxy.</summary>
/// <remarks>
/// Unlike in the mesh, VirtualServices of one host are joined: the routes of the oldest first, and of those that take
/// everything only the oldest, after all others. A host that nobody speaks for is unknown (404).
/// </remarks>
internal static class EdgeRouteTranslator
{
    public static IEnumerable<RouteConfiguration> Tables(ProxyView view, ImmutableArray<EdgePort> ports)
    {
        var sources = EdgeRoutes.Of(view);
        foreach (var port in ports)
        {
            if (port.Kind is EdgeKind.Http) yield return Table(view, sources, port, port.Servers);
            foreach (var server in port.Servers.Where(s => s.IsHttps))
            {
                yield return Table(view, sources, port, [server]);
            }
        }
    }

    /// <summary>
    /// The conditions for a host of a table one by one, in the order in which they are tried; then those that take
    /// everything and are left out, because an older one does.
    /// </summary>
    /// <param name="view">What the gateway sees.</param>
    /// <param name="servers">The servers that the table is for.</param>
    /// <param name="host">A domain of the table.</param>
    public static IEnumerable<(Sourced<VirtualService> Source, TranslatedRule Rule)> Walk(
        ProxyView view, ImmutableArray<EdgeServer> servers, string host)
    {
        var rules =
            from source in EdgeRoutes.Of(view)
            let gateways = HostsOf(source, servers).GetValueOrDefault(host)
            where gateways is not null
            from rule in HttpRouteTranslator.Walk(view, source, servers[0].Port.Number, gateways)
            select (Source: source, Rule: rule);
        var all = rules.ToLookup(r => r.Rule.Route is { } route && RouteMatchTranslator.TakesEverything(route.Match));
        return all[false].Concat(all[true].Take(1)).Concat(all[true].Skip(1).Select(r => (r.Source, r.Rule with
        {
            Route = null,
            Exclusion = "an older VirtualService of the host takes everything already",
        })));
    }

    private static RouteConfiguration Table(
        ProxyView view,
        ImmutableArray<Sourced<VirtualService>> sources,
        EdgePort port,
        ImmutableArray<EdgeServer> servers)
    {
        var number = servers[0].Port.Number;
        var hosts = new SortedDictionary<string, VirtualHost>(StringComparer.Ordinal);
        foreach (var source in sources)
        {
            foreach (var (host, gateways) in HostsOf(source, servers))
            {
                HostOf(hosts, host, number).Routes
                    .AddRange(HttpRouteTranslator.Translate(view, source, number, gateways));
            }
        }

        if (port.Kind is EdgeKind.Http) Isolate(servers, hosts, number);
        else SendElsewhere(port, servers[0], hosts, number);
        foreach (var host in hosts.Values) MoveCatchAlls(host);
        foreach (var server in servers.Where(s => s.RedirectsToHttps)) Redirect(server, sources, hosts, number);
        var table = new RouteConfiguration
        {
            Name = port.RoutesOf(servers[0]),
            IgnorePortInHostMatching = true,
            ValidateClusters = false,
        };
        table.VirtualHosts.AddRange(hosts.Values);
        if (hosts.Count == 0) table.VirtualHosts.Add(NewHost($"blackhole:{number}", "*"));
        foreach (var host in table.VirtualHosts) host.PerRequestBufferLimitBytes = (uint?)view.Mesh.Settings.RequestBufferLimit;
        return table;
    }

    /// <summary>The hosts of a VirtualService at some servers, each with the gateways that lead to it.</summary>
    private static SortedDictionary<string, HashSet<string>> HostsOf(
        Sourced<VirtualService> source, ImmutableArray<EdgeServer> servers)
    {
        var hosts = new SortedDictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (var server in source.Spec.Http.IsEmpty ? [] : servers)
        {
            foreach (var host in EdgeRoutes.HostsAt(server, source))
            {
                if (!hosts.TryGetValue(host, out var gateways)) hosts[host] = gateways = new(StringComparer.Ordinal);
                gateways.Add(server.GatewayName);
            }
        }

        return hosts;
    }

    /// <summary>All hosts of such a server answer plaintext with a redirect, whoever speaks for them.</summary>
    private static void Redirect(
        EdgeServer server,
        ImmutableArray<Sourced<VirtualService>> sources,
        SortedDictionary<string, VirtualHost> hosts,
        int number)
    {
        var spoken = sources.Where(s => !s.Spec.Http.IsEmpty).SelectMany(s => EdgeRoutes.HostsAt(server, s));
        foreach (var host in server.Hosts.Concat(spoken))
        {
            HostOf(hosts, host, number).RequireTls = VirtualHost.Types.TlsRequirementType.All;
        }
    }

    /// <summary>
    /// A request belongs to the listener that is nearest to its host, whether a route is attached to that or not. Source:
    /// Gateway API, Listener.hostname and GEP-3567 ("listener isolation").
    /// </summary>
    private static void Isolate(
        ImmutableArray<EdgeServer> servers, SortedDictionary<string, VirtualHost> hosts, int number)
    {
        foreach (var host in servers.Where(s => s.IsListener).SelectMany(s => s.Hosts).Where(host => host != "*"))
        {
            HostOf(hosts, host, number);
        }
    }

    /// <summary>
    /// A request that is another listener's has come over a connection that is not: its client is told to make one of its
    /// own. Source: Gateway API, Listener.hostname; RFC 9110 section 15.5.20.
    /// </summary>
    private static void SendElsewhere(
        EdgePort port, EdgeServer server, SortedDictionary<string, VirtualHost> hosts, int number)
    {
        if (!server.IsListener) return;
        var others = port.Servers.Where(other => other != server && other.IsListener && other.IsHttps);
        foreach (var host in others.SelectMany(other => other.Hosts).Where(host => host != "*" && !server.Hosts.Contains(host)))
        {
            if (hosts.ContainsKey(host)) continue;
            HostOf(hosts, host, number).Routes.Add(new Route
            {
                Name = "misdirected",
                Match = new RouteMatch { Prefix = "/" },
                DirectResponse = new DirectResponseAction { Status = 421 },
            });
        }
    }

    private static void MoveCatchAlls(VirtualHost host)
    {
        var routes = host.Routes.ToLookup(route => RouteMatchTranslator.TakesEverything(route.Match));
        Route[] ordered = [.. routes[false], .. routes[true].Take(1)];
        host.Routes.Clear();
        host.Routes.AddRange(ordered);
    }

    private static VirtualHost HostOf(SortedDictionary<string, VirtualHost> hosts, string name, int number)
    {
        if (!hosts.TryGetValue(name, out var host)) hosts[name] = host = NewHost($"{name}:{number}", name);
        return host;
    }

    private static VirtualHost NewHost(string name, string domain) =>
        new() { Name = name, Domains = { domain }, IncludeRequestAttemptCount = true };
}
