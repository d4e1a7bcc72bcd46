using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.RawBuffer;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Protocol.Router;
using MeshOrleans.Xds.Protocol.Tls;
using Cluster = MeshOrleans.Xds.Protocol.Cluster.Cluster;
using Listener = MeshOrleans.Xds.Protocol.Listener.Listener;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>Resources as the control plane sends them, for a mesh of one service.</summary>
internal static class MeshResources
{
    public const string Catalog = "outbound|80||catalog.shop.svc.cluster.local";

    /// <summary>One outbound listener to one service of one endpoint.</summary>
    public static Dictionary<string, IReadOnlyDictionary<string, IMessage>> Mesh(int endpointPort) => new()
    {
        [TypeUrls.Cluster] = new Dictionary<string, IMessage>
        {
            [Catalog] = EdsCluster(Catalog),
            ["PassthroughCluster"] = new Cluster
            {
                Name = "PassthroughCluster",
                Type = Cluster.Types.DiscoveryType.OriginalDst,
                LbPolicy = Cluster.Types.LbPolicy.ClusterProvided,
            },
        },
        [TypeUrls.ClusterLoadAssignment] =
            new Dictionary<string, IMessage> { [Catalog] = Assignment(Catalog, endpointPort) },
        [TypeUrls.Listener] = new Dictionary<string, IMessage> { ["0.0.0.0_80"] = OutboundListener(80) },
        [TypeUrls.RouteConfiguration] = new Dictionary<string, IMessage> { ["80"] = Routes("80", Catalog) },
    };

    public static ConfigSource Ads() => new() { Ads = new(), ResourceApiVersion = ApiVersion.V3 };

    public static Address At(string address, int port) =>
        new() { SocketAddress = new() { Address = address, PortValue = (uint)port } };

    public static Cluster EdsCluster(string name) => new()
    {
        Name = name,
        Type = Cluster.Types.DiscoveryType.Eds,
        EdsClusterConfig = new() { EdsConfig = Ads(), ServiceName = name },
        LbPolicy = Cluster.Types.LbPolicy.LeastRequest,
    };

    public static ClusterLoadAssignment Assignment(string cluster, params int[] ports)
    {
        var group = new LocalityLbEndpoints { Locality = new() { Region = "r" }, LoadBalancingWeight = 1 };
        group.LbEndpoints.AddRange(
            ports.Select(
                p => new LbEndpoint { Endpoint = new() { Address = At("127.0.0.1", p) }, LoadBalancingWeight = 1 }));
        return new ClusterLoadAssignment { ClusterName = cluster, Endpoints = { group } };
    }

    public static RouteConfiguration Routes(string name, string cluster) => new()
    {
        Name = name,
        IgnorePortInHostMatching = true,
        VirtualHosts =
        {
            new VirtualHost
            {
                Name = "catalog.shop.svc.cluster.local:80",
                Domains = { "catalog.shop.svc.cluster.local", "catalog" },
                Routes =
                    { new Route { Match = new() { Prefix = "/" }, Route_ = new RouteAction { Cluster = cluster, Timeout = new() } } },
            },
        },
    };

    public static HttpFilter RouterFilter() =>
        new() { Name = "envoy.filters.http.router", TypedConfig = Any.Pack(new Router()) };

    public static Listener OutboundListener(int port, params HttpFilter[] filters)
    {
        var manager =
            new HttpConnectionManager { StatPrefix = "o", Rds = new() { ConfigSource = Ads(), RouteConfigName = $"{port}" } };
        manager.HttpFilters.AddRange(filters);
        manager.HttpFilters.Add(RouterFilter());
        return new Listener
        {
            Name = $"0.0.0.0_{port}",
            Address = At("0.0.0.0", port),
            BindToPort = false,
            TrafficDirection = TrafficDirection.Outbound,
            FilterChains = { new FilterChain { Filters = { Http(manager) } } },
        };
    }

    /// <summary>The listener of a service of bytes.</summary>
    public static Listener TcpListener(string host, int port) => new()
    {
        Name = $"{host}_{port}",
        Address = At(host, port),
        BindToPort = false,
        TrafficDirection = TrafficDirection.Outbound,
        FilterChains =
        {
            new FilterChain
            {
                Filters =
                {
                    new Filter { Name = "tcp", TypedConfig = Any.Pack(
                        new Xds.Protocol.TcpProxy.TcpProxy { StatPrefix = host, Cluster = $"outbound|{port}||{host}" }) },
                },
            },
        },
    };

    public static Filter Http(HttpConnectionManager manager) =>
        new() { Name = "envoy.filters.network.http_connection_manager", TypedConfig = Any.Pack(manager) };

    /// <summary>An HTTP chain of the inbound listener.</summary>
    public static FilterChain InboundChain(int port, bool isTls, params HttpFilter[] filters)
    {
        var manager = new HttpConnectionManager { StatPrefix = isTls ? "tls" : "plain", RouteConfig = Routes(
            "inbound", $"inbound|{port}||") };
        manager.HttpFilters.AddRange(filters);
        manager.HttpFilters.Add(RouterFilter());
        var chain =
            new FilterChain { FilterChainMatch = new() { DestinationPort = (uint)port, TransportProtocol = isTls ? "tls" : "raw_buffer" }, Filters = { Http(manager) } };
        if (isTls)
        {
            chain.TransportSocket = Tls(
                new DownstreamTlsContext { RequireClientCertificate = true, CommonTlsContext = MeshTls() });
        }

        return chain;
    }

    public static Listener InboundListener(params FilterChain[] chains) => new()
    {
        Name = "virtualInbound",
        Address = At("0.0.0.0", 15006),
        TrafficDirection = TrafficDirection.Inbound,
        FilterChains = { chains },
    };

    public static CommonTlsContext MeshTls(params string[] spiffeIds)
    {
        var context = new CertificateValidationContext();
        context.MatchTypedSubjectAltNames.AddRange(spiffeIds.Select(id => new SubjectAltNameMatcher
        {
            SanType = SubjectAltNameMatcher.Types.SanType.Uri, Matcher = new() { Exact = id },
        }));
        return new CommonTlsContext
        {
            TlsCertificateSdsSecretConfigs = { new SdsSecretConfig { Name = "default", SdsConfig = Ads() } },
            CombinedValidationContext = new()
            {
                DefaultValidationContext = context,
                ValidationContextSdsSecretConfig = new() { Name = "ROOTCA", SdsConfig = Ads() },
            },
        };
    }

    public static TransportSocket Tls(IMessage context) =>
        new() { Name = "envoy.transport_sockets.tls", TypedConfig = Any.Pack(context) };

    /// <summary>Istio's pair: mesh TLS where the endpoint has a sidecar, plaintext elsewhere.</summary>
    public static Cluster WithAutoMtls(Cluster cluster, params string[] spiffeIds)
    {
        cluster.TransportSocketMatches.Add(new Cluster.Types.TransportSocketMatch
        {
            Name = "tlsMode-istio",
            Match = new() { Fields = { ["tlsMode"] = Value.ForString("istio") } },
            TransportSocket = Tls(new UpstreamTlsContext { Sni = "sni", CommonTlsContext = MeshTls(spiffeIds) }),
        });
        cluster.TransportSocketMatches.Add(new Cluster.Types.TransportSocketMatch
        {
            Name = "tlsMode-disabled",
            Match = new(),
            TransportSocket =
                new() { Name = "envoy.transport_sockets.raw_buffer", TypedConfig = Any.Pack(new RawBuffer()) },
        });
        return cluster;
    }
}
