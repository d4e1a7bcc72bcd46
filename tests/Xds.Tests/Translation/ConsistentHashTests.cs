using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Xds.Tests.Translation;

public sealed class ConsistentHashTests
{
    private const string B = "outbound|80||b.app.svc.cluster.local";
    private const string V1 = "outbound|80|v1|b.app.svc.cluster.local";

    [Theory]
    [InlineData("httpHeaderName: x", 1024)]
    [InlineData("httpHeaderName: x, ringHash: { minimumRingSize: 0 }", 1024)]
    [InlineData("httpHeaderName: x, ringHash: { minimumRingSize: 2048 }", 2048)]
    public void A_hash_is_a_ring_of_1024_places_unless_told_otherwise(string hash, uint size)
    {
        var cluster = With($"trafficPolicy: {{ loadBalancer: {{ consistentHash: {{ {hash} }} }} }}").Cluster(B);

        Assert.Equal((Cluster.Types.LbPolicy.RingHash, size), (cluster.LbPolicy, cluster.RingHashLbConfig.MinimumRingSize));
    }

    [Fact]
    public void Maglev_has_a_table_of_the_size_that_is_given()
    {
        var cluster = With(
            "trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true, maglev: { tableSize: 251 } } } }").Cluster(B);

        Assert.Equal((Cluster.Types.LbPolicy.Maglev, 251ul), (cluster.LbPolicy, cluster.MaglevLbConfig.TableSize));
    }

    [Fact]
    public void The_default_route_hashes_by_the_policy_of_the_port_and_its_retries_stay()
    {
        var translated = With("""
            trafficPolicy:
              loadBalancer: { consistentHash: { httpHeaderName: x } }
              portLevelSettings: [ { port: { number: 80 }, loadBalancer: { consistentHash: { httpQueryParameterName: q } } } ]
            """);

        var action = Action(translated);

        Assert.Equal("q", Assert.Single(action.HashPolicy).QueryParameter.Name);
        Assert.Empty(action.RetryPolicy.RetryHostPredicate);
    }

    [Fact]
    public void A_subsets_port_counts_before_the_subset_and_that_before_the_rules_port()
    {
        var yaml = """
            trafficPolicy:
              loadBalancer: { consistentHash: { httpHeaderName: rule } }
              portLevelSettings: [ { port: { number: 80 }, loadBalancer: { consistentHash: { httpHeaderName: port } } } ]
            subsets:
            - name: v1
              labels: { version: v1 }
              trafficPolicy:
                loadBalancer: { consistentHash: { httpHeaderName: subset } }
                portLevelSettings: [ { port: { number: 80 }, loadBalancer: { consistentHash: { httpHeaderName: subset-port } } } ]
            """;

        Assert.Equal("subset-port", HeaderTo("v1", yaml));
        Assert.Equal("subset", HeaderTo("v1", yaml.Replace("number: 80 }, loadBalancer: { consistentHash: { httpHeaderName: subset-port", "number: 81 }, loadBalancer: { consistentHash: { httpHeaderName: subset-port", StringComparison.Ordinal)));
        Assert.Equal("port", HeaderTo("v1", yaml.Split("  trafficPolicy:\n    loadBalancer: { consistentHash: { httpHeaderName: subset }")[0]));
    }

    [Fact]
    public void A_destination_that_takes_nothing_has_no_say()
    {
        var translated = With("""
            subsets:
            - { name: v1, labels: { version: v1 }, trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: x } } } }
            - { name: v2, labels: { version: v2 }, trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: y } } } }
            """, """
            { destination: { host: b, subset: v1 }, weight: 100 }, { destination: { host: b, subset: v2 }, weight: 0 }
            """);

        Assert.Equal("x", Assert.Single(Action(translated).HashPolicy).Header.HeaderName);
    }

    [Fact]
    public void Destinations_that_hash_differently_share_a_route_that_hashes_both()
    {
        var translated = With("""
            subsets:
            - { name: v1, labels: { version: v1 }, trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: x } } } }
            - { name: v2, labels: { version: v2 }, trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: y } } } }
            - { name: v3, labels: { version: v3 }, trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: x } } } }
            """, """
            { destination: { host: b, subset: v1 }, weight: 40 }, { destination: { host: b, subset: v2 }, weight: 40 },
            { destination: { host: b, subset: v3 }, weight: 20 }
            """);

        Assert.Equal(["x", "y"], Action(translated).HashPolicy.Select(h => h.Header.HeaderName));
        Assert.Equal(Cluster.Types.LbPolicy.RingHash, translated.Cluster(V1).LbPolicy);
    }

    [Fact]
    public void A_cookie_has_its_life_path_and_attributes()
    {
        var cookie = Assert.Single(Action(With("""
            trafficPolicy:
              loadBalancer: { consistentHash: { httpCookie: { name: c, path: /p, ttl: 90s, attributes: [ { name: SameSite, value: Lax } ] } } }
            """)).HashPolicy).Cookie;

        Assert.Equal(("c", "/p", 90L), (cookie.Name, cookie.Path, cookie.Ttl.Seconds));
        Assert.Equal(("SameSite", "Lax"), (cookie.Attributes[0].Name, cookie.Attributes[0].Value));
    }

    private static string HeaderTo(string subset, string rule) =>
        Assert.Single(Action(With(rule, $"{{ destination: {{ host: b, subset: {subset} }} }}")).HashPolicy).Header.HeaderName;

    private static Translated With(string rule, string? routes = null)
    {
        var yaml = "kind: DestinationRule\napiVersion: networking.istio.io/v1\nmetadata: { name: b, namespace: app }\nspec:\n  host: b\n"
            + string.Join('\n', rule.Split('\n').Select(l => "  " + l));
        if (routes is not null)
        {
            yaml += $$"""

                ---
                kind: VirtualService
                apiVersion: networking.istio.io/v1
                metadata: { name: b, namespace: app }
                spec: { hosts: [b], http: [ { route: [ {{routes}} ] } ] }
                """;
        }

        return TestMesh.With(yaml).For();
    }

    private static RouteAction Action(Translated translated) => translated.RoutesOfB[0].Route_;
}
