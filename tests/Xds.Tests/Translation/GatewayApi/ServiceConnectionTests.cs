using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.TcpProxy;

namespace MeshOrleans.Xds.Tests.Translation.GatewayApi;

/// <summary>TLSRoutes and TCPRoutes that are attached to services, as sidecars and stock Envoys get them.</summary>
public sealed class ServiceConnectionTests
{
    private const string B = "outbound|9000||b.app.svc.cluster.local";
    private const string D = "outbound|443||d.app.svc.cluster.local";
    private const string E = "outbound|9000||e.app.svc.cluster.local";

    private const string Services = """
        kind: Service
        apiVersion: v1
        metadata: { name: d, namespace: app }
        spec: { clusterIP: 10.1.0.4, selector: { app: d }, ports: [ { port: 80, name: http }, { port: 443, name: tls }, { port: 9000, name: tcp } ] }
        ---
        kind: Service
        apiVersion: v1
        metadata: { name: e, namespace: app }
        spec: { selector: { app: e }, ports: [ { port: 9000, name: tcp } ] }
        """;

    [Fact]
    public void A_TCPRoute_leads_the_connections_of_every_port_of_bytes_by_weight()
    {
        var mesh = With(Route("TCPRoute", "r", "b, port: 9000, weight: 3 }, { name: e, port: 9000"));

        foreach (var port in new[] { 443, 9000 })
        {
            Assert.Equal(
                [(B, 3u), (E, 1u)],
                ProxyOf(mesh.For().Listener($"d.app.svc.cluster.local_{port}").DefaultFilterChain)
                    .WeightedClusters.Clusters.Select(c => (c.Name, c.Weight)));
        }
    }

    [Fact]
    public void A_TLSRoute_leads_by_the_name_in_the_handshake_before_a_TCPRoute_of_the_port()
    {
        var mesh = With(
            Route("TCPRoute", "older", "b, port: 9000"), Route("TLSRoute", "younger", "e, port: 9000", hosts: "a.example, \"*.b.example\""));

        var listener = mesh.For().Listener("d.app.svc.cluster.local_443");
        var chain = Assert.Single(listener.FilterChains);
        Assert.Equal(["a.example", "*.b.example"], chain.FilterChainMatch.ServerNames);
        Assert.Equal(E, ProxyOf(chain).Cluster);
        Assert.Null(listener.DefaultFilterChain);
        Assert.Equal(B, ProxyOf(mesh.For().Listener("d.app.svc.cluster.local_9000").DefaultFilterChain).Cluster);
    }

    [Fact]
    public void A_stock_Envoy_gets_the_same()
    {
        var mesh = With(Route("TLSRoute", "r", "e, port: 9000", hosts: "a.example")).For(TestMesh.Envoy());

        var chain = Assert.Single(mesh.Listener("10.1.0.4_443").FilterChains);
        Assert.Equal((E, "a.example"), (ProxyOf(chain).Cluster, Assert.Single(chain.FilterChainMatch.ServerNames)));
    }

    [Fact]
    public void Of_several_TLSRoutes_each_has_its_names_and_the_older_those_of_both()
    {
        var chains = With(Route("TLSRoute", "older", "b, port: 9000", hosts: "a.example, b.example"),
            Route("TLSRoute", "younger", "e, port: 9000", hosts: "b.example, c.example")).For().Listener("d.app.svc.cluster.local_443").FilterChains;

        Assert.Equal(
            [(B, "a.example,b.example"), (E, "c.example")],
            chains.Select(c => (ProxyOf(c).Cluster, string.Join(',', c.FilterChainMatch.ServerNames))));
    }

    [Fact]
    public void Without_hostnames_a_TLSRoute_takes_every_connection() =>
        Assert.Equal(E, ProxyOf(With(Route("TLSRoute", "r", "e, port: 9000")).For().Listener("d.app.svc.cluster.local_443").DefaultFilterChain).Cluster);

    [Fact]
    public void Clients_of_a_namespace_follow_their_own_routes_port_by_port()
    {
        var consumer = Route("TCPRoute", "consumer", "e, namespace: app, port: 9000", parent: "name: d, namespace: app, port: 9000")
            .Replace("namespace: app }\nspec", "namespace: other }\nspec", StringComparison.Ordinal);
        var mesh = With(consumer, Route("TCPRoute", "producer", "b, port: 9000"));

        Assert.Equal([B, B], Clusters(mesh.For()));
        Assert.Equal([B, E], Clusters(mesh.For("other", "app=c")));

        static IEnumerable<string> Clusters(Translated mesh) =>
            new[] { 443, 9000 }.Select(port => ProxyOf(mesh.Listener($"d.app.svc.cluster.local_{port}").DefaultFilterChain).Cluster);
    }

    [Fact]
    public void A_VirtualService_still_speaks_for_requests_and_for_the_other_ports()
    {
        var mesh = With(
            """
            kind: VirtualService
            apiVersion: networking.istio.io/v1
            metadata: { name: v, namespace: app }
            spec:
              hosts: [ d ]
              http: [ { route: [ { destination: { host: a } } ] } ]
              tcp: [ { route: [ { destination: { host: e } } ] } ]
              tls: [ { match: [ { sniHosts: [ d.app.svc.cluster.local ] } ], route: [ { destination: { host: e } } ] } ]
            """,
            Route("TCPRoute", "r", "b, port: 9000", parent: "name: d, port: 9000")).For();

        Assert.Equal("outbound|80||a.app.svc.cluster.local", Assert.Single(mesh.Host("d.app.svc.cluster.local").Routes).Route_.Cluster);
        Assert.Equal(B, ProxyOf(mesh.Listener("d.app.svc.cluster.local_9000").DefaultFilterChain).Cluster);
        Assert.Equal(E, ProxyOf(Assert.Single(mesh.Listener("d.app.svc.cluster.local_443").FilterChains)).Cluster);
    }

    [Theory]
    [InlineData("TCPRoute", "name: d, port: 80")]
    [InlineData("TLSRoute", "name: d, port: 9000")]
    public void A_route_for_a_port_of_another_protocol_does_nothing(string kind, string parent)
    {
        var mesh = With(Route(kind, "r", "b, port: 9000", parent: parent)).For();

        Assert.Equal(D, ProxyOf(mesh.Listener("d.app.svc.cluster.local_443").DefaultFilterChain).Cluster);
        Assert.Equal("outbound|80||d.app.svc.cluster.local", Assert.Single(mesh.Host("d.app.svc.cluster.local").Routes).Route_.Cluster);
    }

    [Fact]
    public void A_backend_that_does_not_exist_closes_the_connections() =>
        Assert.Equal(
            "BlackHoleCluster",
            ProxyOf(With(Route("TCPRoute", "r", "nobody, port: 1")).For().Listener("d.app.svc.cluster.local_9000").DefaultFilterChain).Cluster);

    private static TestMesh With(params ReadOnlySpan<string> routes) => TestMesh.With(string.Join("\n---\n", [Services, .. routes]));

    private static TcpProxy ProxyOf(FilterChain chain) => chain.Filters[^1].TypedConfig.Unpack<TcpProxy>();

    private static string Route(string kind, string name, string backend, string parent = "name: d", string hosts = "") => $$"""
        kind: {{kind}}
        apiVersion: gateway.networking.k8s.io/v1alpha2
        metadata: { name: {{name}}, namespace: app }
        spec: { parentRefs: [ { group: "", kind: Service, {{parent}} } ], {{(hosts.Length > 0 ? $"hostnames: [ {hosts} ], " : "")}}rules: [ { backendRefs: [ { name: {{backend}} } ] } ] }
        """;
}
