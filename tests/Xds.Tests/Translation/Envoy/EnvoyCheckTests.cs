using System.Collections.Immutable;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Protocol.TcpProxy;
using MeshOrleans.Xds.Protocol.Tls;
using MeshOrleans.Xds.Translation.Checks;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Routes;
using UpstreamOptions = MeshOrleans.Xds.Protocol.Upstream.HttpProtocolOptions;

namespace MeshOrleans.Xds.Tests.Translation.Envoy;

/// <summary>The check itself: every other test of the translation for stock Envoys relies on it.</summary>
public sealed class EnvoyCheckTests
{
    private const string B = "outbound|80||b.app.svc.cluster.local";
    private static readonly ResourceSet Good = EnvoyMesh.Mesh.For(TestMesh.Envoy()).Resources;

    [Fact]
    public void What_is_good_passes() => Assert.Empty(EnvoyCheck.Violations(Good));

    public static TheoryData<string, Action<Listener>, string> BadListeners => new()
    {
        { "0.0.0.0_80", l => l.Address.SocketAddress.PortValue = 9000, "another listener has its address" },
        { "0.0.0.0_80", l => l.Address.SocketAddress.Address = "here", "is no address" },
        { "0.0.0.0_80", l => l.ListenerFilters.RemoveAt(1), "asks for HTTP and does not look" },
        { "0.0.0.0_80", l => l.ListenerFilters.RemoveAt(0), "asks for TLS and does not look" },
        { "0.0.0.0_80", l => l.ListenerFilters.Add(l.ListenerFilters[0]), "a listener filter comes twice" },
        { "0.0.0.0_80", l => l.ContinueOnListenerFiltersTimeout = false, "closes clients that wait" },
        { "0.0.0.0_80", l => l.FilterChains[0].Filters[0].Name = "envoy.filters.network.http", "no filter" },
        { "0.0.0.0_80", l => l.FilterChains[0].Filters.Add(l.DefaultFilterChain.Filters[0]), "is in the wrong place" },
        { "0.0.0.0_9000", l => l.FilterChains.Add(Named(l.FilterChains[0].Clone(), "x", m => m.PrefixRanges.RemoveAt(1))), "two chains take" },
        { "0.0.0.0_9000", l => l.FilterChains.Add(Named(l.FilterChains[0].Clone(), l.FilterChains[0].Name, m => m.ServerNames.Add("x"))), "two chains outbound" },
        { "0.0.0.0_9000", l => l.FilterChains[0].FilterChainMatch.ServerNames.Add("a.*"), "server name" },
        { "0.0.0.0_9000", l => l.FilterChains[0].FilterChainMatch.PrefixRanges[0].PrefixLen = 33, "network" },
        { "0.0.0.0_9000", l => Tcp(l.FilterChains[0], t => t.Cluster = "nobody"), "does not exist" },
        { "10.96.0.1_9000", l => Tcp(l.FilterChains[0], t => t.WeightedClusters.Clusters[0].Weight = 0), "without weight" },
        { "virtualOutbound", l => l.UseOriginalDst = null, "Nobody hands connections" },
        { "virtualInbound", l => l.ListenerFilters.RemoveAt(0), "asks for the port that was meant" },
        { "virtualInbound", l => Tls(l, t => t.CommonTlsContext.TlsCertificates.Clear()), "a server without certificate" },
        { "virtualInbound", l => Tls(l, t => t.CommonTlsContext.TlsCertificates[0].PrivateKey = null), "without chain or key" },
        { "virtualInbound", l => Tls(l, t => t.CommonTlsContext.ValidationContext.TrustedCa = null), "nobody can check" },
        { "virtualInbound", l => Tls(l, t => t.CommonTlsContext.TlsCertificateSdsSecretConfigs.Add(new SdsSecretConfig { Name = "default" })), "waits for a secret" },
    };

    public static TheoryData<Action<Cluster>, string> BadClusters => new()
    {
        { c => c.EdsClusterConfig.EdsConfig.InitialFetchTimeout = new Duration(), "for ever" },
        { c => c.LoadAssignment = new() { ClusterName = c.Name }, "has endpoints of its own" },
        { c => c.TransportSocketMatches[0].Name = c.TransportSocketMatches[1].Name, "no name of its own" },
        { c => c.MaglevLbConfig = new() { TableSize = 65536 }, "no prime" },
        { c => c.RingHashLbConfig = new() { MinimumRingSize = 8388609 }, "a ring of" },
        { c => c.OutlierDetection = new() { EnforcingSuccessRate = 101 }, "a share over" },
        { c => c.OutlierDetection = new() { Interval = new Duration() }, "without time" },
        { c => c.TypedExtensionProtocolOptions["x"] = Any.Pack(new UpstreamOptions { ExplicitHttpConfig = new() { Http2ProtocolOptions = new() { ConnectionKeepalive = new() } } }), "keep-alive" },
        { c => c.TransportSocketMatches[0].TransportSocket.TypedConfig = Any.Pack(new UpstreamTlsContext { CommonTlsContext = new() { ValidationContext = new() { SystemRootCerts = new() } } }), "does not know" },
    };

    [Theory]
    [InlineData("{ interval: 30s }", "\"30s\"", "\"20s\"")]
    [InlineData("{ interval: 30s, timeout: 5s }", "\"30s\"", "\"5s\"")]
    [InlineData("{ timeout: 5s }", null, null)]
    [InlineData("{}", null, null)]
    public void Pings_have_a_limit_or_are_not_sent(string keepAlive, string? interval, string? timeout)
    {
        var mesh = EnvoyMesh.With($$"""
            kind: DestinationRule
            apiVersion: networking.istio.io/v1
            metadata: { name: a, namespace: app }
            spec: { host: a, trafficPolicy: { connectionPool: { http: { h2UpgradePolicy: UPGRADE, http2KeepAlive: {{keepAlive}} } } } }
            """).For(TestMesh.Envoy());

        var options = mesh.Cluster("outbound|80||a.app.svc.cluster.local").TypedExtensionProtocolOptions.Values.Single().Unpack<UpstreamOptions>();
        var pings = options.ExplicitHttpConfig.Http2ProtocolOptions.ConnectionKeepalive;

        Assert.Equal((interval, timeout), (pings?.Interval.ToString(), pings?.Timeout.ToString()));
        Assert.Empty(EnvoyCheck.Violations(mesh.Resources));
    }

    [Theory]
    [InlineData(65536, 65537)]
    [InlineData(5_000_017, 65537)]
    [InlineData(0, 65537)]
    [InlineData(251, 251)]
    public void A_table_that_was_stored_before_its_size_was_checked_is_made_one(long stored, ulong sent)
    {
        var cluster = new Cluster();

        LoadBalancerTranslator.Apply(cluster, new LoadBalancer { ConsistentHash = new() { UseMaglev = true, MaglevTableSize = stored } });

        Assert.Equal(sent, cluster.MaglevLbConfig.TableSize);
    }

    [Fact]
    public void No_condition_is_without_text()
    {
        var match = RouteMatchTranslator.Translate(new HttpMatch
        {
            Uri = StringMatch.Prefix(""),
            Method = StringMatch.Prefix(""),
            Headers = ImmutableSortedDictionary<string, StringMatch>.Empty.Add("x", StringMatch.Regex("")).Add("y", StringMatch.Prefix("")),
        });

        Assert.Equal("/", match.Prefix);
        Assert.Equal([".*", "", ".*"], match.Headers.Select(h => h.StringMatch.SafeRegex?.Regex ?? h.StringMatch.Exact));
        Assert.Equal("/", RouteMatchTranslator.Translate(new HttpMatch { Uri = StringMatch.Regex("") }).Prefix);
    }

    public static TheoryData<Action<Route>, string> BadRoutes => new()
    {
        { r => r.Match.Headers.Add(new HeaderMatcher { Name = "x", StringMatch = new() { Prefix = "" } }), "without text" },
        { r => r.RequestHeadersToAdd.Add(new Protocol.Core.HeaderValueOption { Header = new() { Key = "x", Value = "a\nb" } }), "the value of x" },
        { r => r.DirectResponse = new() { Status = 200, Body = new() { InlineBytes = ByteString.CopyFrom(new byte[4097]) } }, "too long" },
        { r => r.Route_.RetryPolicy = new() { RetryBackOff = new() { BaseInterval = new Duration() } }, "back-off" },
    };

    [Theory]
    [MemberData(nameof(BadListeners))]
    public void A_bad_listener_is_found(string name, Action<Listener> change, string fault) => Assert.Contains(
        EnvoyCheck.Violations(Good with { Listeners = Change(Good.Listeners, name, change) }),
        f => f.Contains(fault, StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(BadClusters))]
    public void A_bad_cluster_is_found(Action<Cluster> change, string fault) => Assert.Contains(
        EnvoyCheck.Violations(Good with { Clusters = Change(Good.Clusters, B, change) }),
        f => f.Contains(fault, StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(BadRoutes))]
    public void A_bad_route_is_found(Action<Route> change, string fault) => Assert.Contains(
        EnvoyCheck.Violations(Good with
        {
            Routes = Change<RouteConfiguration>(Good.Routes, "80", t => change(t.VirtualHosts[0].Routes[0])),
        }),
        f => f.Contains(fault, StringComparison.Ordinal));

    private static FilterChain Named(FilterChain chain, string name, Action<FilterChainMatch> change)
    {
        chain.Name = name;
        change(chain.FilterChainMatch);
        return chain;
    }

    private static void Tcp(FilterChain chain, Action<TcpProxy> change) =>
        Repack(chain.Filters[^1].TypedConfig, change, any => chain.Filters[^1].TypedConfig = any);

    private static void Tls(Listener listener, Action<DownstreamTlsContext> change)
    {
        var socket = listener.FilterChains.First(c => c.TransportSocket is not null).TransportSocket;
        Repack(socket.TypedConfig, change, any => socket.TypedConfig = any);
    }

    private static void Repack<T>(Any from, Action<T> change, Action<Any> put)
        where T : IMessage, new()
    {
        var message = from.Unpack<T>();
        change(message);
        put(Any.Pack(message));
    }

    private static ResourceGroup Change<T>(ResourceGroup group, string name, Action<T> change)
        where T : IMessage, new() => ResourceGroup.Of(group.TypeUrl, group.Resources.Select(resource =>
    {
        if (resource.Name != name) return resource;
        var message = resource.ToAny().Unpack<T>();
        change(message);
        return EncodedResource.Of(name, message);
    }));
}
