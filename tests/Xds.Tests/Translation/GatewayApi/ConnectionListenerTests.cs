using Google.Protobuf.Collections;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.TcpProxy;
using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Tests.Translation.GatewayApi;

/// <summary>TLSRoutes and TCPRoutes at listeners of Gateways, as gateway proxies get them.</summary>
public sealed class ConnectionListenerTests
{
    private const string B = "outbound|9000||b.app.svc.cluster.local";
    private const string C = "outbound|80||c.other.svc.cluster.local";
    private const string Nowhere = "BlackHoleCluster";

    private const string Gateway = """
        kind: Gateway
        apiVersion: gateway.networking.k8s.io/v1
        metadata: { name: edge, namespace: infra }
        spec:
          gatewayClassName: mesh
          listeners:
          - { name: through, port: 443, protocol: TLS, hostname: "*.example", tls: { mode: Passthrough }, allowedRoutes: { namespaces: { from: All } } }
          - { name: ended, port: 443, protocol: TLS, hostname: "*.end", tls: { certificateRefs: [ { name: cert } ] }, allowedRoutes: { namespaces: { from: All } } }
          - { name: bytes, port: 9000, protocol: TCP, allowedRoutes: { namespaces: { from: All } } }
        """;

    private static readonly ProxyScope _proxy =
        TestMesh.Scope("infra", "app=edge,gateway.networking.k8s.io/gateway-name=edge") with { Mode = ProxyMode.Gateway };

    [Fact]
    public void TLS_that_goes_through_is_led_by_the_name_in_the_handshake()
    {
        var chains = Chains("0.0.0.0_443", Tls("a", "a.example"), Tls("rest", "\"*.example\"", "a, port: 80"));

        Assert.Equal(["*.example", "a.example"], chains.Select(chain => Assert.Single(chain.FilterChainMatch.ServerNames)));
        Assert.All(chains, chain => Assert.Null(chain.TransportSocket));
        Assert.Equal(["outbound|80||a.app.svc.cluster.local", B], chains.Select(chain => ProxyOf(chain).Cluster));
    }

    [Fact]
    public void Where_TLS_ends_the_name_still_chooses_and_a_TCPRoute_takes_the_rest()
    {
        var chains = Chains("0.0.0.0_443", Tls("a", "a.end"), Tcp("rest", "b, port: 9000", "ended"));

        Assert.Equal(["a.end", "*.end"], chains.Select(chain => Assert.Single(chain.FilterChainMatch.ServerNames)));
        Assert.All(chains, chain => Assert.NotNull(chain.TransportSocket));
        Assert.All(chains, chain => Assert.Equal(B, ProxyOf(chain).Cluster));
    }

    [Fact]
    public void A_TCPRoute_takes_every_connection_of_its_listener_by_weight()
    {
        var chain = Assert.Single(Chains(
            "0.0.0.0_9000", Tcp("r", "b, port: 9000, weight: 3 }, { name: nobody, port: 1 }, { name: a, port: 80, weight: 0")));

        Assert.Null(chain.FilterChainMatch);
        Assert.Equal([(B, 3u), (Nowhere, 1u)], ProxyOf(chain).WeightedClusters.Clusters.Select(c => (c.Name, c.Weight)));
    }

    [Theory]
    [InlineData("nobody, port: 9000")]
    [InlineData("b, port: 9001")]
    [InlineData("b, port: 9000, weight: 0")]
    [InlineData("c, namespace: other, port: 80")]
    public void A_route_that_leads_nowhere_closes_its_connections(string backend)
    {
        var chain = Assert.Single(Chains("0.0.0.0_9000", Tcp("r", backend)));

        Assert.Equal(Nowhere, ProxyOf(chain).Cluster);
    }

    [Fact]
    public void A_grant_for_its_kind_lets_a_route_name_a_service_of_another_namespace()
    {
        const string Grant = """
            kind: ReferenceGrant
            apiVersion: gateway.networking.k8s.io/v1
            metadata: { name: g, namespace: other }
            spec: { from: [ { group: gateway.networking.k8s.io, kind: TCPRoute, namespace: app } ], to: [ { group: "", kind: Service } ] }
            """;

        var chain = Assert.Single(Chains("0.0.0.0_9000", Tcp("r", "c, namespace: other, port: 80"), Grant));

        Assert.Equal(C, ProxyOf(chain).Cluster);
    }

    [Fact]
    public void Of_several_routes_for_one_place_the_oldest_counts()
    {
        // of one revision, so the first by name, wherever it stands
        var bytes = Assert.Single(Chains("0.0.0.0_9000", Tcp("z-younger", "a, port: 80"), Tcp("a-older", "b, port: 9000")));
        var names = Assert.Single(Chains("0.0.0.0_443", Tls("z-younger", "a.example", "a, port: 80"), Tls("a-older", "a.example")));

        Assert.Equal([B, B], [ProxyOf(bytes).Cluster, ProxyOf(names).Cluster]);
    }

    [Fact]
    public void A_name_of_a_nearer_listener_is_not_led_by_a_route_of_another()
    {
        var nearer = Gateway.Replace(
            "  - { name: bytes", "  - { name: own, port: 443, protocol: TLS, hostname: a.example, tls: { mode: Passthrough } }\n  - { name: bytes", StringComparison.Ordinal);

        Assert.DoesNotContain(
            TestMesh.With($"{nearer}\n---\n{Tls("r", "a.example", parent: "through")}").For(_proxy).Resources.Listeners.Resources,
            l => l.Name == "0.0.0.0_443");
    }

    [Fact]
    public void A_listener_to_which_nothing_is_attached_opens_nothing() =>
        Assert.Empty(TestMesh.With(Gateway).For(_proxy).Resources.Listeners.Resources);

    [Theory]
    [InlineData("TLSRoute", "0.0.0.0_443")]
    [InlineData("TCPRoute", "0.0.0.0_9000")]
    public void A_route_that_comes_alone_reaches_the_gateways(string kind, string listener)
    {
        var before = TestMesh.With(Gateway);
        var after = TestMesh.With($"{Gateway}\n---\n{(kind == "TLSRoute" ? Tls("r", "a.example") : Tcp("r", "b, port: 9000"))}");
        var first = ScopeTranslation.Of(MeshIndex.Of(before.Snapshot), _proxy);

        var next = first.After(MeshIndex.Of(before.Snapshot).After(after.Snapshot, MeshChange.Of($"config/{kind}/app/r")));

        Assert.Single(new Translated(next.Resources).Listener(listener).FilterChains);
    }

    private static RepeatedField<FilterChain> Chains(string listener, params ReadOnlySpan<string> yaml) =>
        TestMesh.With(string.Join("\n---\n", [Gateway, .. yaml])).For(_proxy).Listener(listener).FilterChains;

    private static TcpProxy ProxyOf(FilterChain chain) => chain.Filters[^1].TypedConfig.Unpack<TcpProxy>();

    private static string Tls(string name, string host, string backend = "b, port: 9000", string parent = "") => $$"""
        kind: TLSRoute
        apiVersion: gateway.networking.k8s.io/v1
        metadata: { name: {{name}}, namespace: app }
        spec: { parentRefs: [ { name: edge, namespace: infra, sectionName: "{{parent}}" } ], hostnames: [ {{host}} ], rules: [ { backendRefs: [ { name: {{backend}} } ] } ] }
        """;

    private static string Tcp(string name, string backend, string parent = "bytes") => $$"""
        kind: TCPRoute
        apiVersion: gateway.networking.k8s.io/v1alpha2
        metadata: { name: {{name}}, namespace: app }
        spec: { parentRefs: [ { name: edge, namespace: infra, sectionName: {{parent}} } ], rules: [ { backendRefs: [ { name: {{backend}} } ] } ] }
        """;
}
