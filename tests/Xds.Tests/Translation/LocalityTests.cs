using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Tests.Translation;

public sealed class LocalityTests
{
    private const string Geo = "outbound|80||geo.example";
    private const string Watched = "outlierDetection: { consecutive5xxErrors: 1, maxEjectionPercent: 100 }";

    private const string Entry = """
        kind: ServiceEntry
        apiVersion: networking.istio.io/v1
        metadata: { name: geo, namespace: app }
        spec:
          hosts: [geo.example]
          location: MESH_EXTERNAL
          resolution: STATIC
          ports: [ { number: 80, name: http, protocol: HTTP } ]
          endpoints:
          - { address: 10.9.0.1, locality: region/zone/subzone, labels: { tier: gold, rack: r1 } }
          - { address: 10.9.0.2, locality: nearregion/zone/subzone, labels: { tier: gold } }
          - { address: 10.9.0.3, locality: notregion/z/s, weight: 3, labels: { tier: silver } }
        """;

    [Theory]
    [InlineData(Watched + ", loadBalancer: { localityLbSetting: { failover: [{ from: region, to: nearregion }] } }", "1=0 2=1 3=2")]
    [InlineData(Watched + ", loadBalancer: { localityLbSetting: { failover: [{ from: elsewhere, to: nearregion }] } }", "1=0 2=1 3=1")]
    [InlineData(Watched, "1=0 2=1 3=1")]
    [InlineData(Watched + ", loadBalancer: { localityLbSetting: { enabled: false } }", "1=0 2=0 3=0")]
    [InlineData("loadBalancer: { localityLbSetting: { failover: [{ from: region, to: nearregion }] } }", "1=0 2=0 3=0")]
    [InlineData(Watched + ", loadBalancer: { localityLbSetting: { failoverPriority: [tier] } }", "1=0 2=0 3=1")]
    [InlineData(Watched + ", loadBalancer: { localityLbSetting: { failoverPriority: [tier=silver] } }", "1=1 2=1 3=0")]
    [InlineData(Watched + ", loadBalancer: { localityLbSetting: { failoverPriority: [tier, rack] } }", "1=0 2=1 3=2")]
    [InlineData(Watched + ", loadBalancer: { localityLbSetting: { failoverPriority: [rack, tier] } }", "1=0 2=1 3=1")] // what follows the first mismatch does not count
    [InlineData(Watched + ", loadBalancer: { localityLbSetting: { failoverPriority: [topology.kubernetes.io/region] } }", "1=0 2=1 3=1")]
    [InlineData(Watched + ", loadBalancer: { localityLbSetting: { failoverPriority: [tier], failover: [{ from: region, to: nearregion }] } }", "1=0 2=1 3=2")]
    public void Distance_becomes_priority_without_gaps(string policy, string expected) =>
        Assert.Equal(expected, Priorities(With(policy)));

    [Fact]
    public void A_proxy_that_does_not_know_where_it_is_prefers_nobody() =>
        Assert.Equal("1=0 2=0 3=0", Priorities(With(Watched, scope: Scope() with { Locality = Locality.Unknown })));

    [Fact]
    public void Shares_are_kept_whatever_the_endpoints_weigh_and_the_rest_gets_nothing()
    {
        var translated = With("""
            loadBalancer: { localityLbSetting: { distribute: [{ from: "region/*", to: { "n*": 0 } }] } }
            """.Replace("\"n*\": 0", "\"nearregion/*\": 80, \"region/*\": 20", StringComparison.Ordinal));

        var groups = translated.Endpoints(Geo).Endpoints;

        Assert.Equal([("nearregion", 80_000u), ("region", 20_000u)], groups.Select(g => (g.Locality.Region, g.LoadBalancingWeight!.Value)));
        Assert.All(groups, g => Assert.Equal(0u, g.Priority));
        Assert.NotNull(translated.Cluster(Geo).CommonLbConfig.LocalityWeightedLbConfig);
    }

    [Fact]
    public void Places_that_one_entry_means_share_by_their_weights()
    {
        var groups = With("loadBalancer: { localityLbSetting: { distribute: [{ from: region, to: { '*': 100 } }] } }")
            .Endpoints(Geo).Endpoints;

        Assert.Equal([20_000u, 60_000u, 20_000u], groups.Select(g => g.LoadBalancingWeight!.Value));
    }

    [Fact]
    public void Shares_from_elsewhere_change_nothing()
    {
        var translated = With("loadBalancer: { localityLbSetting: { distribute: [{ from: other, to: { 'region/*': 100 } }] } }, " + Watched);

        Assert.Equal("1=0 2=0 3=0", Priorities(translated));
        Assert.Null(translated.Cluster(Geo).CommonLbConfig.LocalityWeightedLbConfig);
    }

    [Fact]
    public void The_meshs_setting_counts_where_the_rule_has_none_and_the_rules_replaces_it_whole()
    {
        var mesh = "localityLbSetting: { failover: [{ from: region, to: nearregion }] }";

        Assert.Equal("1=0 2=1 3=2", Priorities(With(Watched, mesh)));
        Assert.Equal("1=0 2=1 3=1", Priorities(With(Watched + ", loadBalancer: { localityLbSetting: { enabled: true } }", mesh)));
        Assert.Equal("1=0 2=0 3=0", Priorities(With(Watched, "localityLbSetting: { enabled: false }")));
        Assert.Equal("1=0 2=1 3=1", Priorities(With(Watched + ", loadBalancer: { localityLbSetting: {} }", "localityLbSetting: { enabled: false }")));
    }

    [Theory]
    [InlineData("PreferClose", "", "0 1 2 3")]
    [InlineData("PreferSameZone", "", "0 0 1 2")]
    [InlineData("", "PreferClose", "0 1 2 3")]
    [InlineData("", "", "0 0 0 0")]
    public void A_services_wish_for_near_endpoints_needs_no_outlier_detection(string field, string annotation, string expected)
    {
        var yaml = $$"""
            kind: Service
            apiVersion: v1
            metadata: { name: near, namespace: app, annotations: { networking.istio.io/traffic-distribution: "{{annotation}}" } }
            spec: { selector: { app: near }, trafficDistribution: "{{field}}", ports: [ { port: 80, name: http } ] }
            """;
        var members = new[] { "r/z/s", "r/z/t", "r/y/s", "q/z/s" }.Select((place, i) =>
            TestMesh.Workload("app", $"near-{i}", $"10.8.0.{i}", "app=near") with { Locality = Locality.Parse(place) });

        var groups = TestMesh.With(yaml).And([.. members]).For(Scope() with { Locality = Locality.Parse("r/z/s") })
            .Endpoints("outbound|80||near.app.svc.cluster.local").Endpoints;

        var byAddress = groups
            .SelectMany(g => g.LbEndpoints.Select(e => (e.Endpoint.Address.SocketAddress.Address, g.Priority)))
            .OrderBy(e => e.Address, StringComparer.Ordinal);
        Assert.Equal(expected, string.Join(' ', byAddress.Select(e => e.Priority)));
    }

    private static ProxyScope Scope() =>
        TestMesh.Scope("app", "app=a,tier=gold,rack=r1") with { Locality = Locality.Parse("region/zone/subzone") };

    private static Translated With(string policy, string mesh = "", ProxyScope? scope = null)
    {
        var yaml = $$"""
            {{Entry}}
            ---
            kind: DestinationRule
            apiVersion: networking.istio.io/v1
            metadata: { name: geo, namespace: app }
            spec: { host: geo.example, trafficPolicy: { {{policy.Trim()}} } }
            ---
            kind: MeshConfig
            apiVersion: mesh.orleans.io/v1
            metadata: { name: default, namespace: istio-system }
            spec: { {{mesh}} }
            """;
        return TestMesh.With(yaml).For(scope ?? Scope());
    }

    private static string Priorities(Translated translated)
    {
        var groups = translated.Endpoints(Geo).Endpoints;
        var pairs = groups.SelectMany(g => g.LbEndpoints.Select(e => (Last: e.Endpoint.Address.SocketAddress.Address[^1], g.Priority)));
        return string.Join(' ', pairs.OrderBy(p => p.Last).Select(p => $"{p.Last}={p.Priority}"));
    }
}
