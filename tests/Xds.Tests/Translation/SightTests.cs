using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Protocol.TcpProxy;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>What a proxy sees: by exportTo of what there is, and by the Sidecar resource of who looks.</summary>
public sealed class SightTests
{
    private const string A = "outbound|80||a.app.svc.cluster.local";
    private const string B = "outbound|80||b.app.svc.cluster.local";
    private const string C = "outbound|80||c.other.svc.cluster.local";

    [Theory]
    [InlineData(".", false)]
    [InlineData("other", false)]
    [InlineData("app", true)]
    [InlineData("other,app", true)]
    [InlineData("*", true)]
    public void A_service_is_seen_where_it_is_exported_to(string exportTo, bool isSeen)
    {
        var mesh = TestMesh.Of(
            $$"""
            kind: Service
            apiVersion: v1
            metadata: { name: c, namespace: other, annotations: { networking.istio.io/exportTo: "{{exportTo}}" } }
            spec: { selector: { app: c }, ports: [ { port: 80, name: http } ] }
            """,
            TestMesh.Workloads);

        Assert.Equal(isSeen, mesh.For().Has(TypeUrls.Cluster, C));
        Assert.Equal(isSeen, mesh.For().Has(TypeUrls.ClusterLoadAssignment, C));
        Assert.Equal(isSeen, mesh.For().Routes(80).VirtualHosts.Any(h => h.Name == "c.other.svc.cluster.local:80"));
        Assert.Equal(exportTo is not "app", mesh.For("other", "app=x").Has(TypeUrls.Cluster, C));
    }

    [Theory]
    [InlineData("app=a,version=v1", true)]
    [InlineData("app=b", false)]
    public void A_Sidecar_with_a_selector_is_for_its_workloads_only(string labels, bool isNarrow)
    {
        var got = TestMesh.With(Sidecar("app", "a", "./a.app.svc.cluster.local", "workloadSelector: { labels: { app: a } }, ")).For("app", labels);

        Assert.True(got.Has(TypeUrls.Cluster, A));
        Assert.Equal(!isNarrow, got.Has(TypeUrls.Cluster, B));
    }

    [Fact]
    public void A_Sidecar_with_a_selector_counts_before_that_of_the_namespace()
    {
        var got = TestMesh.With(
            Sidecar("app", "all", "./a.app.svc.cluster.local") + "\n---\n"
            + Sidecar("app", "one", "./b.app.svc.cluster.local", "workloadSelector: { labels: { app: a } }, ")).For();

        Assert.Equal((false, true), (got.Has(TypeUrls.Cluster, A), got.Has(TypeUrls.Cluster, B)));
    }

    [Fact]
    public void The_Sidecar_of_the_root_namespace_is_for_all_that_have_none()
    {
        var root = Sidecar("istio-system", "all", "./*");
        var own = Sidecar("app", "own", "other/*");

        Assert.Equal((true, false), Sees(TestMesh.With(root)));
        Assert.Equal((false, true), Sees(TestMesh.With(root + "\n---\n" + own)));
    }

    [Theory]
    [InlineData("*/*", true, true)]
    [InlineData("./*", true, false)]
    [InlineData("other/*", false, true)]
    [InlineData("~/*", false, false)] // nothing at all
    public void Hosts_are_chosen_by_namespace(string hosts, bool own, bool other) =>
        Assert.Equal((own, other), Sees(TestMesh.With(Sidecar("app", "all", hosts))));

    [Fact]
    public void A_namespace_is_taken_out_of_all_others()
    {
        var mesh = TestMesh.With("""
            kind: Sidecar
            apiVersion: networking.istio.io/v1
            metadata: { name: all, namespace: app }
            spec: { egress: [ { hosts: [ "*/*", "~other/*" ] } ] }
            """);

        Assert.Equal((true, false), Sees(mesh));
    }

    [Fact]
    public void A_Sidecar_can_refuse_what_nobody_knows()
    {
        var got = TestMesh.With(Sidecar("app", "all", "*/*", "outboundTrafficPolicy: { mode: REGISTRY_ONLY }, ")).For();

        Assert.Equal("block_all", got.Routes(80).VirtualHosts[^1].Name);
        Assert.Equal(502u, got.Routes(80).VirtualHosts[^1].Routes[0].DirectResponse.Status);
        Assert.Equal("BlackHoleCluster", got.Listener("virtualOutbound").FilterChains[^1].Filters[0].TypedConfig.Unpack<TcpProxy>().Cluster);
        Assert.Equal("allow_any", TestMesh.With("").For().Routes(80).VirtualHosts[^1].Name);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("exportTo: [ \".\" ], ", false)]
    [InlineData("exportTo: [ app ], ", true)]
    [InlineData("exportTo: [ third ], ", false)]
    public void A_rule_of_the_services_namespace_counts_where_it_is_exported_to(string exportTo, bool counts)
    {
        var got = TestMesh.With($$"""
            kind: DestinationRule
            apiVersion: networking.istio.io/v1
            metadata: { name: c, namespace: other }
            spec: { {{exportTo}}host: c, trafficPolicy: { loadBalancer: { simple: RANDOM } } }
            """).For();

        Assert.Equal(counts ? Cluster.Types.LbPolicy.Random : Cluster.Types.LbPolicy.LeastRequest, got.Cluster(C).LbPolicy);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("exportTo: [ \".\" ], ", false)]
    [InlineData("exportTo: [ app ], ", true)]
    [InlineData("exportTo: [ third ], ", false)]
    public void A_route_counts_where_it_is_exported_to(string exportTo, bool counts)
    {
        var got = TestMesh.With($$"""
            kind: VirtualService
            apiVersion: networking.istio.io/v1
            metadata: { name: c, namespace: other }
            spec: { {{exportTo}}hosts: [ c, only-here.example ], http: [ { name: theirs, route: [ { destination: { host: c } } ] } ] }
            """).For();

        Assert.Equal(counts ? "theirs" : "default", got.Host("c.other.svc.cluster.local").Routes[0].Name);
        Assert.Equal(counts, got.Routes(80).VirtualHosts.Any((VirtualHost h) => h.Name == "only-here.example:80"));
    }

    private static (bool Own, bool Other) Sees(TestMesh mesh)
    {
        var got = mesh.For();
        Assert.Equal(got.Has(TypeUrls.Cluster, A), got.Has(TypeUrls.Cluster, B));
        return (got.Has(TypeUrls.Cluster, A), got.Has(TypeUrls.Cluster, C));
    }

    private static string Sidecar(string ns, string name, string hosts, string more = "") => $$"""
        kind: Sidecar
        apiVersion: networking.istio.io/v1
        metadata: { name: {{name}}, namespace: {{ns}} }
        spec: { {{more}}egress: [ { hosts: [ "{{hosts}}" ] } ] }
        """;
}
