using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Cors;
using MeshOrleans.Xds.Protocol.Fault;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Translation.Envoy;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Policies;
using MeshOrleans.Xds.Translation.Scopes;
using MeshOrleans.Xds.Translation.Tls;
using TcpRoute = MeshOrleans.Xds.Translation.Listeners.TcpRoute;

namespace MeshOrleans.Xds.Translation.Edge;

/// <summary>Makes the listeners of a gateway proxy: one per port that its Gateways open.</summary>
/// <remarks>
/// A name in a handshake belongs to the first server that claims it: an Envoy refuses a listener in which two chains
/// take the same connections. Where nothing leads anywhere there is no listener, except for plaintext HTTP and ended
/// TLS, whose unknown hosts are answered.
/// </remarks>
internal sealed class EdgeListenerTranslator(ProxyView view)
{
    private readonly Lazy<EdgeTcp> _tcp = new(() => new EdgeTcp(view));

    public IEnumerable<Listener> Listeners(ImmutableArray<EdgePort> ports)
    {
        foreach (var port in ports)
        {
            var listener = new Listener
            {
                Name = port.Name,
                Address = Addresses.Of(port.Address, port.Number),
                TrafficDirection = TrafficDirection.Outbound,
            };
            var names = new HashSet<string>(StringComparer.Ordinal);
            listener.FilterChains.AddRange(port.Servers.Take(port.Kind is EdgeKind.Http ? 1 : port.Servers.Length)
                .OrderBy(server => server.IsPassthrough) // where TLS ends there is a table of routes to ask for
                .SelectMany(server => Chains(port, server, names)));
            if (port.Kind is EdgeKind.Tls) listener.ListenerFilters.Add(EnvoyFilters.TlsInspector());
            if (listener.FilterChains.Count > 0) yield return listener;
        }
    }

    private IEnumerable<FilterChain> Chains(EdgePort port, EdgeServer server, HashSet<string> names) =>
        port.Kind switch
        {
            EdgeKind.Http => [new FilterChain { Filters = { Http(port, server) } }],
            EdgeKind.Tcp => Bytes(port, server),
            _ when server.Mode is ServerTlsMode.AutoPassthrough => Opened(server, names),
            _ when server.IsPassthrough => ByServerName(port, server, names),
            _ => Ended(port, server, names),
        };

    private IEnumerable<FilterChain> Bytes(EdgePort port, EdgeServer server)
    {
        if (_tcp.Value.Whole(server) is not { } route) yield break;
        yield return new FilterChain { Name = NameOf("tcp", port, server), Filters = { Relay(port, server, route) } };
    }

    private IEnumerable<FilterChain> Ended(EdgePort port, EdgeServer server, HashSet<string> names)
    {
        var socket = EdgeTls.Socket(view.Scope, server);
        foreach (var chain in server is { IsListener: true, IsHttps: false } ? ByServerName(port, server, names) : [])
        {
            chain.TransportSocket = socket;
            yield return chain;
        }

        var route = server.IsHttps ? null : _tcp.Value.Whole(server);
        if (!server.IsHttps && route is null) yield break;
        if (Match(server.Names, names) is not { } match) yield break;
        yield return new FilterChain
        {
            Name = server.IsHttps ? port.RoutesOf(server) : NameOf("tls", port, server),
            FilterChainMatch = match,
            TransportSocket = socket,
            Filters = { route is null ? [Http(port, server)] : Relay(port, server, route) },
        };
    }

    /// <summary>A chain for each route that goes by the name in the handshake.</summary>
    private IEnumerable<FilterChain> ByServerName(EdgePort port, EdgeServer server, HashSet<string> names)
    {
        var count = 0;
        foreach (var route in _tcp.Value.ByServerName(server))
        {
            if (Match(route.ServerNames, names) is not { } match) continue;
            yield return new FilterChain
            {
                Name = $"{NameOf("tls", port, server)}.{count++}",
                FilterChainMatch = match,
                Filters = { Relay(port, server, route) },
            };
        }
    }

    private IEnumerable<FilterChain> Opened(EdgeServer server, HashSet<string> names)
    {
        foreach (var cluster in _tcp.Value.Opened(server))
        {
            if (Match([cluster.ServerName], names) is not { } match) continue;
            match.ApplicationProtocols.AddRange(MeshTls.ClientAlpns);
            yield return new FilterChain
            {
                Name = cluster.ServerName,
                FilterChainMatch = match,
                Filters = { ListenerTranslator.Tcp(cluster.ServerName) },
            };
        }
    }

    /// <summary>What takes handshakes with those of some names that are still free; null when none is.</summary>
    private static FilterChainMatch? Match(IEnumerable<string> wanted, HashSet<string> names)
    {
        var free = wanted.Where(names.Add).ToList();
        if (free.Count == 0) return null;
        var match = new FilterChainMatch { TransportProtocol = "tls" };
        if (free.Contains("*"))
        {
            foreach (var name in free) if (name != "*") names.Remove(name); // whoever comes later may be more exact
        }
        else
        {
            match.ServerNames.AddRange(free);
        }

        return match;
    }

    private IEnumerable<Filter> Relay(EdgePort port, EdgeServer server, TcpRoute route) =>
    [
        .. RbacTranslator.NetworkFilters(view, new InboundPort(port.Number, AppProtocol.Tcp)),
        route.Filter(NameOf("outbound", port, server)),
    ];

    private Filter Http(EdgePort port, EdgeServer server)
    {
        var manager = HttpConnection.Common(view.Mesh.Settings, $"outbound_{port.Name}");
        manager.UseRemoteAddress = true; // who connects is the client, unless proxies before it are trusted
        manager.XffNumTrustedHops = (uint)view.Mesh.Settings.TrustedProxies;
        manager.ForwardClientCertDetails = HttpConnectionManager.Types.ForwardClientCertDetails.SanitizeSet;
        manager.SetCurrentClientCertDetails = new() { Subject = true, Dns = true, Uri = true };
        manager.Rds = new()
        {
            ConfigSource = ConfigSources.Ads(view.Scope),
            RouteConfigName = port.RoutesOf(server),
        };
        manager.HttpFilters.AddRange(AuthorizerTranslator.HttpFilters(view));
        if (TokenTranslator.Filter(view, isRouted: true) is { } tokens) manager.HttpFilters.Add(tokens);
        manager.HttpFilters.AddRange(RbacTranslator.HttpFilters(view));
        if (RateLimitTranslator.Filter(view) is { } limits) manager.HttpFilters.Add(limits);
        manager.HttpFilters.Add(HttpConnection.Filter(FilterNames.Fault, new HTTPFault()));
        if (EdgeRoutes.Of(view).Any(v => v.Spec.Http.Any(rule => rule.CorsPolicy is not null)))
        {
            manager.HttpFilters.Add(HttpConnection.Filter(FilterNames.Cors, new Cors(), isOptional: true));
        }

        if (LaneFilter.Of(view) is { } lanes) manager.HttpFilters.Add(lanes);
        manager.HttpFilters.Add(HttpConnection.Router());
        return HttpConnection.Pack(manager);
    }

    private static string NameOf(string kind, EdgePort port, EdgeServer server) =>
        $"{kind}.{port.Number}.{server.Port.Name}.{server.Gateway.Name}.{server.Gateway.Namespace}";
}
