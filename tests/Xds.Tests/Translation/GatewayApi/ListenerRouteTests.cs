using MeshOrleans.Xds.Protocol.Tls;
using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Tests.Translation.GatewayApi;

/// <summary>Gateways of the Gateway API and the HTTPRoutes that are attached to them, as gateway proxies get them.</summary>
public sealed class ListenerRouteTests
{
    private const string B = "outbound|80||b.app.svc.cluster.local";

    private const string Gateway = """
        kind: Gateway
        apiVersion: gateway.networking.k8s.io/v1
        metadata: { name: edge, namespace: infra }
        spec:
          gatewayClassName: mesh
          listeners:
          - { name: http, port: 80, protocol: HTTP, hostname: "*.example", allowedRoutes: { namespaces: { from: All } } }
          - { name: admin, port: 80, protocol: HTTP, hostname: admin.example, allowedRoutes: { namespaces: { from: Same } } }
          - { name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [ { name: cert } ] }, allowedRoutes: { namespaces: { from: All } } }
        """;

    private static ProxyScope Proxy { get; } =
        TestMesh.Scope("infra", "app=edge,gateway.networking.k8s.io/gateway-name=edge") with { Mode = ProxyMode.Gateway };

    [Fact]
    public void A_Gateway_is_opened_by_the_proxies_of_its_namespace_that_bear_its_name()
    {
        var mesh = TestMesh.With(Gateway);

        Assert.Equal(
            ["0.0.0.0_443", "0.0.0.0_80"],
            mesh.For(Proxy).Resources.Listeners.Resources.Select(l => l.Name).Order(StringComparer.Ordinal));
        Assert.Empty(mesh.For(Proxy with { Namespace = "app" }).Resources.Listeners.Resources);
        Assert.Empty(mesh.For(TestMesh.Scope("infra", "app=edge") with { Mode = ProxyMode.Gateway }).Resources.Listeners.Resources);
    }

    [Fact]
    public void A_Gateway_of_a_class_that_is_somebody_elses_is_not_opened()
    {
        const string Class = """

            ---
            kind: GatewayClass
            apiVersion: gateway.networking.k8s.io/v1
            metadata: { name: mesh }
            spec: { controllerName: example.com/other }
            """;

        Assert.Empty(TestMesh.With(Gateway + Class).For(Proxy).Resources.Listeners.Resources);
        Assert.NotEmpty(TestMesh.With(Gateway + Class.Replace("example.com/other", "istio.io/gateway-controller", StringComparison.Ordinal))
            .For(Proxy).Resources.Listeners.Resources);
    }

    [Fact]
    public void A_listener_of_HTTPS_shows_the_certificate_that_the_proxy_has_under_its_name()
    {
        var listener = TestMesh.With(Gateway).For(Proxy).Listener("0.0.0.0_443");

        var tls = Assert.Single(listener.FilterChains).TransportSocket.TypedConfig.Unpack<DownstreamTlsContext>();
        Assert.Equal(["kubernetes://cert"], tls.CommonTlsContext.TlsCertificateSdsSecretConfigs.Select(s => s.Name));
    }

    [Fact]
    public void A_certificate_of_another_namespace_needs_a_grant_and_other_listeners_do_without()
    {
        var foreign = Gateway.Replace("{ name: cert }", "{ name: cert, namespace: secrets }", StringComparison.Ordinal);
        const string Grant = """

            ---
            kind: ReferenceGrant
            apiVersion: gateway.networking.k8s.io/v1beta1
            metadata: { name: g, namespace: secrets }
            spec: { from: [ { group: gateway.networking.k8s.io, kind: Gateway, namespace: infra } ], to: [ { group: "", kind: Secret } ] }
            """;

        Assert.Equal(["0.0.0.0_80"], TestMesh.With(foreign).For(Proxy).Resources.Listeners.Resources.Select(l => l.Name));
        Assert.Equal(2, TestMesh.With(foreign + Grant).For(Proxy).Resources.Listeners.Resources.Length);
    }

    [Fact]
    public void Hosts_are_those_that_route_and_listener_have_in_common_but_for_those_of_a_nearer_listener()
    {
        var mesh = TestMesh.With($"{Gateway}\n---\n{Route("r", "hostnames: [ a.example, admin.example, \"*.b.example\", z.test ]")}").For(Proxy);

        Assert.Equal(
            ["*.b.example:80", "*.example:80", "a.example:80", "admin.example:80"],
            mesh.Routes("http.80").VirtualHosts.Select(h => h.Name));
        Assert.Equal(
            ["*.b.example:443", "a.example:443", "admin.example:443", "z.test:443"],
            mesh.Routes("https.443.https.edge/https.infra").VirtualHosts.Select(h => h.Name));
    }

    [Fact]
    public void A_request_for_a_listener_over_a_connection_to_another_is_sent_to_one_of_its_own()
    {
        const string Own = "  - { name: own, port: 443, protocol: HTTPS, hostname: own.example, tls: { certificateRefs: [ { name: cert } ] }, allowedRoutes: { namespaces: { from: All } } }";
        var routes = Route("r", "hostnames: [ \"*.example\" ]") + "\n---\n" + Route("own", "hostnames: [ own.example ]");
        var mesh = TestMesh.With($"{Gateway}\n{Own}\n---\n{routes}").For(Proxy);

        var wide = mesh.Routes("https.443.https.edge/https.infra").VirtualHosts.Single(h => h.Domains.Contains("own.example"));
        var own = mesh.Routes("https.443.own.edge/own.infra").VirtualHosts;

        Assert.Equal(421u, Assert.Single(wide.Routes).DirectResponse.Status);
        Assert.Equal(["own.example"], own.Select(h => Assert.Single(h.Domains)));
    }

    [Fact]
    public void A_listener_for_its_own_namespace_takes_no_routes_of_others()
    {
        var mesh = TestMesh.With($"{Gateway}\n---\n{Route("r", "", parent: "name: edge, namespace: infra, sectionName: admin")}").For(Proxy);

        Assert.All(mesh.Routes("http.80").VirtualHosts, host => Assert.Empty(host.Routes));
    }

    [Fact]
    public void A_request_belongs_to_the_nearest_listener_even_where_no_route_is_attached_to_that()
    {
        var mesh = TestMesh.With($"{Gateway}\n---\n{Route("r", "hostnames: [ \"*.example\" ]")}").For(Proxy);

        var hosts = mesh.Routes("http.80").VirtualHosts.ToDictionary(h => Assert.Single(h.Domains), h => h.Routes.Count);
        Assert.Equal(1, hosts["*.example"]);
        Assert.Equal(0, hosts["admin.example"]);
    }

    [Theory]
    [InlineData("localhost", "")]
    [InlineData("localhost", "hostnames: [ localhost ]")]
    [InlineData("", "hostnames: [ localhost ]")]
    public void A_host_without_a_dot_is_one_of_that_name(string listener, string hostnames)
    {
        var gateway = Gateway.Replace("\"*.example\"", $"\"{listener}\"", StringComparison.Ordinal);

        var mesh = TestMesh.With($"{gateway}\n---\n{Route("r", hostnames)}").For(Proxy);

        var host = Assert.Single(mesh.Routes("http.80").VirtualHosts, h => h.Routes.Count > 0);
        Assert.Equal(["localhost"], host.Domains);
    }

    [Fact]
    public void Routes_of_one_host_are_merged_the_most_specific_first()
    {
        var mesh = TestMesh.With($"""
            {Gateway}
            ---
            {Route("older", "hostnames: [ a.example ]", "[ { path: { value: /api } } ]")}
            ---
            {Route("younger", "hostnames: [ a.example ]", "[ { path: { type: Exact, value: /api } }, { path: { value: / } } ]")}
            """).For(Proxy);

        var host = Assert.Single(mesh.Routes("http.80").VirtualHosts, h => h.Name == "a.example:80");
        Assert.Equal(["app.younger.0", "app.older.0", "app.younger.0"], host.Routes.Select(r => r.Name));
        Assert.All(host.Routes, r => Assert.Equal(B, r.Route_.Cluster));
    }

    [Theory]
    [InlineData("", 500)]
    [InlineData("HTTPRoute", 0)]
    [InlineData("GRPCRoute", 500)]
    public void A_service_of_another_namespace_needs_a_grant_for_the_routes_kind(string kind, int status)
    {
        var route = Route("r", "hostnames: [ a.example ]").Replace("name: b,", "name: c, namespace: other,", StringComparison.Ordinal);
        var grant = kind.Length == 0 ? "" : $$"""

            ---
            kind: ReferenceGrant
            apiVersion: gateway.networking.k8s.io/v1
            metadata: { name: g, namespace: other }
            spec: { from: [ { group: gateway.networking.k8s.io, kind: {{kind}}, namespace: app } ], to: [ { group: "", kind: Service, name: c } ] }
            """;

        var made = Assert.Single(TestMesh.With($"{Gateway}\n---\n{route}{grant}").For(Proxy).Routes("http.80").VirtualHosts.Single(h => h.Name == "a.example:80").Routes);

        if (status > 0) Assert.Equal((uint)status, made.DirectResponse.Status);
        else Assert.Equal("outbound|80||c.other.svc.cluster.local", made.Route_.Cluster);
    }

    [Fact]
    public void A_route_that_comes_alone_reaches_the_gateways()
    {
        var before = TestMesh.With(Gateway);
        var after = TestMesh.With($"{Gateway}\n---\n{Route("r", "hostnames: [ a.example ]")}");
        var first = ScopeTranslation.Of(MeshIndex.Of(before.Snapshot), Proxy);

        var next = first.After(MeshIndex.Of(before.Snapshot).After(after.Snapshot, MeshChange.Of("config/HTTPRoute/app/r")));

        Assert.Equal(["a.example:80"],
            new Translated(next.Resources).Routes("http.80").VirtualHosts.Where(h => h.Routes.Count > 0).Select(h => h.Name));
    }

    [Fact]
    public void A_VirtualService_that_is_for_gateways_only_reaches_them_when_it_comes_alone()
    {
        const string Server = """
            kind: Gateway
            apiVersion: networking.istio.io/v1
            metadata: { name: gw, namespace: infra }
            spec: { selector: { app: edge }, servers: [ { port: { number: 80, name: http, protocol: HTTP }, hosts: [ "*" ] } ] }
            """;
        var before = TestMesh.With(Server);
        var after = TestMesh.With($$"""
            {{Server}}
            ---
            kind: VirtualService
            apiVersion: networking.istio.io/v1
            metadata: { name: v, namespace: app }
            spec: { hosts: [ a.example ], gateways: [ infra/gw ], http: [ { route: [ { destination: { host: b } } ] } ] }
            """);
        var first = ScopeTranslation.Of(MeshIndex.Of(before.Snapshot), Proxy);

        var next = first.After(MeshIndex.Of(before.Snapshot).After(after.Snapshot, MeshChange.Of("config/VirtualService/app/v")));

        Assert.Equal(["a.example:80"], new Translated(next.Resources).Routes("http.80").VirtualHosts.Select(h => h.Name));
    }

    private static string Route(
        string name, string hostnames, string matches = "[ { path: { value: / } } ]", string parent = "name: edge, namespace: infra") => $$"""
        kind: HTTPRoute
        apiVersion: gateway.networking.k8s.io/v1
        metadata: { name: {{name}}, namespace: app }
        spec:
          parentRefs: [ { {{parent}} } ]
          rules: [ { matches: {{matches}}, backendRefs: [ { name: b, port: 80 } ] } ]
          {{hostnames}}
        """;
}
