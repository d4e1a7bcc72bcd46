using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>Egress listeners of a Sidecar that name a port.</summary>
public sealed class EgressPortTests
{
    private const string A80 = "outbound|80||a.app.svc.cluster.local";
    private const string B80 = "outbound|80||b.app.svc.cluster.local";
    private const string B9000 = "outbound|9000||b.app.svc.cluster.local";
    private const string Two80 = "outbound|80||two.app.svc.cluster.local";
    private const string Two85 = "outbound|85||two.app.svc.cluster.local";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_port_shows_only_services_that_have_it_and_of_those_that_port_alone(bool isEnvoy)
    {
        var got = For("""{ port: { number: 85, protocol: HTTP, name: http }, hosts: [ "./*" ] }""", isEnvoy);

        Assert.Equal(
            (false, false, false, false, true),
            (Has(got, A80), Has(got, B80), Has(got, B9000), Has(got, Two80), Has(got, Two85)));
        Assert.Equal(["block_all"], got.Routes(80).VirtualHosts.Select(h => h.Name));
        Assert.Equal(["two.app.svc.cluster.local:85", "block_all"], got.Routes(85).VirtualHosts.Select(h => h.Name));
    }

    [Fact]
    public void The_hosts_of_a_listener_without_a_port_are_for_the_other_ports()
    {
        var got = For("""
            { port: { number: 80, protocol: HTTP, name: http }, hosts: [ ./a.app.svc.cluster.local ] },
            { hosts: [ "./*" ] }
            """);

        Assert.Equal(
            (true, false, true, false, true),
            (Has(got, A80), Has(got, B80), Has(got, B9000), Has(got, Two80), Has(got, Two85)));
        Assert.Equal(["a.app.svc.cluster.local:80", "block_all"], got.Routes(80).VirtualHosts.Select(h => h.Name));
    }

    [Fact]
    public void What_one_listener_excludes_another_may_show()
    {
        var got = For("""
            { port: { number: 85, protocol: HTTP, name: http }, hosts: [ "./*", ~app/two.app.svc.cluster.local ] },
            { hosts: [ ./two.app.svc.cluster.local ] }
            """);

        Assert.Equal((true, false), (Has(got, Two80), Has(got, Two85)));
    }

    [Theory]
    [InlineData("port: { number: 15080, protocol: HTTP_PROXY, name: proxy }")]
    [InlineData("port: { number: 15080, protocol: HTTP, name: http }, bind: \"unix:///run/proxy\"")]
    public void Where_clients_ask_a_proxy_by_name_its_port_is_not_that_of_the_hosts(string listener)
    {
        var got = For($$"""{ {{listener}}, hosts: [ "./*" ] }""");

        Assert.Equal((true, true, true), (Has(got, A80), Has(got, B9000), Has(got, Two85)));
    }

    [Fact]
    public void A_host_that_only_a_route_knows_is_called_on_the_port_where_it_is_listed()
    {
        var got = Mesh(
            """
            { port: { number: 85, protocol: HTTP, name: http }, hosts: [ ./two.app.svc.cluster.local, ./only.example ] },
            { hosts: [ ./a.app.svc.cluster.local ] }
            """,
            """

            ---
            kind: VirtualService
            apiVersion: networking.istio.io/v1
            metadata: { name: only, namespace: app }
            spec: { hosts: [ only.example ], http: [ { route: [ { destination: { host: two, port: { number: 80 } } } ] } ] }
            """).For();

        Assert.Contains("only.example:85", got.Routes(85).VirtualHosts.Select(h => h.Name));
        Assert.DoesNotContain("only.example:80", got.Routes(80).VirtualHosts.Select(h => h.Name));
        Assert.True(Has(got, Two80), "a route leads there");
    }

    [Fact]
    public void New_members_of_a_service_of_which_one_port_is_seen_are_told_of()
    {
        var mesh = Mesh("""{ port: { number: 85, protocol: HTTP, name: http }, hosts: [ "./*" ] }""");
        var index = MeshIndex.Of(mesh.Snapshot);
        var before = ScopeTranslation.Of(index, TestMesh.Scope("app", "app=a"));
        var more = mesh.And(TestMesh.Workload("app", "two-2", "10.0.0.31", "app=two"));

        var after = before.After(index.After(more.Snapshot, MeshChange.Of("workload/app/two-2")));

        Assert.Equal(2, new Translated(after.Resources).Endpoints(Two85).Endpoints.Sum(e => e.LbEndpoints.Count));
    }

    private static bool Has(Translated got, string cluster) => got.Has(TypeUrls.Cluster, cluster);

    private static Translated For(string egress, bool isEnvoy = false) =>
        isEnvoy ? Mesh(egress).For(TestMesh.Envoy()) : Mesh(egress).For();

    private static TestMesh Mesh(string egress, string more = "") => TestMesh.With($$"""
        kind: Service
        apiVersion: v1
        metadata: { name: two, namespace: app }
        spec: { selector: { app: two }, ports: [ { port: 80, name: http, targetPort: 8080 }, { port: 85, name: http-other, targetPort: 8080 } ] }
        ---
        kind: Sidecar
        apiVersion: networking.istio.io/v1
        metadata: { name: default, namespace: app }
        spec:
          outboundTrafficPolicy: { mode: REGISTRY_ONLY }
          egress: [ {{egress.ReplaceLineEndings(" ")}} ]
        """ + more).And(TestMesh.Workload("app", "two-1", "10.0.0.30", "app=two"));
}
