using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Inspector;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Protocol.TcpProxy;
using MeshOrleans.Xds.Protocol.Tls;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Policies;
using MeshOrleans.Xds.Translation.Routes;
using MeshOrleans.Xds.Translation.Scopes;
using MeshOrleans.Xds.Translation.Tls;

namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>
/// Makes the inbound listener: for every workload port the chains that its PeerAuthentication allows.
/// </summary>
/// <remarks>
/// STRICT has only the TLS chain, DISABLE only the plaintext chain, PERMISSIVE both; there the TLS chain takes
/// handshakes that offer an ALPN of the mesh. A connection that no chain takes is closed. The chains of a port whose protocol
/// nobody has declared also say what is done with what is no HTTP.
/// </remarks>
internal static class InboundListenerTranslator
{
    public const string Name = "virtualInbound";
    public const int CapturePort = 15006;

    /// <summary>Null when the workload has no ports.</summary>
    public static Listener? Translate(ProxyView view, IReadOnlyCollection<InboundPort> ports)
    {
        if (ports.Count == 0) return null;
        var listener = new Listener
        {
            Name = Name,
            Address = Addresses.Of("0.0.0.0", CapturePort),
            TrafficDirection = TrafficDirection.Inbound,
            ListenerFilters =
            {
                new ListenerFilter { Name = FilterNames.TlsInspector, TypedConfig = Any.Pack(new TlsInspector()) },
            },
        };
        foreach (var port in ports) listener.FilterChains.AddRange(ChainsOf(view, port));
        return listener;
    }

    private static IEnumerable<FilterChain> ChainsOf(ProxyView view, InboundPort port)
    {
        var mode = AuthenticationScope.ModeOf(view.Mesh, view.Scope.Namespace, view.Scope.Labels, port.Number);
        if (mode is not MutualTlsMode.Disable) yield return MeshTlsChain(view, port, mode);
        if (mode is not MutualTlsMode.Strict) yield return PlaintextChain(view, port);
    }

    private static FilterChain MeshTlsChain(ProxyView view, InboundPort port, MutualTlsMode mode)
    {
        var match = new FilterChainMatch { DestinationPort = (uint)port.Number, TransportProtocol = "tls" };
        if (mode is MutualTlsMode.Permissive) match.ApplicationProtocols.AddRange(MeshTls.ClientAlpns);
        var tls = MeshTls.Server(view.Scope)!; // our own sidecar always has one
        return new FilterChain
        {
            Name = $"inbound|{port.Number}|tls",
            FilterChainMatch = match,
            TransportSocket = Socket(tls, port.Protocol),
            Filters = { FiltersOf(view, port) },
            Metadata = MetadataOf(port),
        };
    }

    /// <summary>Ends mesh mTLS: who calls must prove who he is.</summary>
    public static TransportSocket Socket(CommonTlsContext tls, AppProtocol protocol)
    {
        if (protocol.IsHttp()) tls.AlpnProtocols.AddRange(["h2", "http/1.1"]);
        return MeshTls.Socket(new DownstreamTlsContext { CommonTlsContext = tls, RequireClientCertificate = true });
    }

    private static FilterChain PlaintextChain(ProxyView view, InboundPort port) => new()
    {
        Name = $"inbound|{port.Number}|plaintext",
        FilterChainMatch = new FilterChainMatch
        {
            DestinationPort = (uint)port.Number,
            TransportProtocol = "raw_buffer",
        },
        Filters = { FiltersOf(view, port) },
        Metadata = MetadataOf(port),
    };

    private static Metadata? MetadataOf(InboundPort port) =>
        port.Protocol is AppProtocol.Unspecified ? UndeclaredPorts.Carrying(Tcp(port)) : null;

    /// <summary>What is done with the connections of a port, however they came in.</summary>
    public static IEnumerable<Filter> FiltersOf(ProxyView view, InboundPort port) =>
        port.Protocol.IsHttp() ? [Http(view, port)] : [.. RbacTranslator.NetworkFilters(view, port), Tcp(port)];

    private static Filter Tcp(InboundPort port)
    {
        var proxy = new TcpProxy { StatPrefix = StatPrefix(port), Cluster = ClusterName.Inbound(port.Number) };
        TcpRoute.ApplyLimits(proxy, port.Pool?.Tcp);
        return new Filter { Name = FilterNames.TcpProxy, TypedConfig = Any.Pack(proxy) };
    }

    private static Filter Http(ProxyView view, InboundPort port)
    {
        var manager = HttpConnection.Common(view.Mesh.Settings, StatPrefix(port));
        manager.RouteConfig = Routes(port);
        manager.ForwardClientCertDetails = HttpConnectionManager.Types.ForwardClientCertDetails.AppendForward;
        manager.SetCurrentClientCertDetails = new() { Subject = true, Dns = true, Uri = true };
        manager.HttpFilters.AddRange(AuthorizerTranslator.HttpFilters(view));
        if (TokenTranslator.Filter(view) is { } tokens) manager.HttpFilters.Add(tokens);
        manager.HttpFilters.AddRange(RbacTranslator.HttpFilters(view));
        if (RateLimitTranslator.Filter(view) is { } limits) manager.HttpFilters.Add(limits);
        manager.HttpFilters.Add(HttpConnection.Router());
        return HttpConnection.Pack(manager);
    }

    private static RouteConfiguration Routes(InboundPort port)
    {
        var action = RouteActionTranslator.Unlimited(ClusterName.Inbound(port.Number));
        action.RetryPolicy = RetryTranslator.Inbound(port.Protocol);
        return Routes(port, action);
    }

    private static RouteConfiguration Routes(InboundPort port, RouteAction action) => new()
    {
        Name = ClusterName.Inbound(port.Number),
        ValidateClusters = false,
        VirtualHosts =
        {
            new VirtualHost
            {
                Name = $"inbound|http|{port.Number}",
                Domains = { "*" },
                Routes =
                {
                    new Route
                    {
                        Name = "default",
                        Match = new RouteMatch { Prefix = "/" },
                        Route_ = action,
                    },
                },
            },
        },
    };

    private static string StatPrefix(InboundPort port) => $"inbound_0.0.0.0_{port.Number}";
}
