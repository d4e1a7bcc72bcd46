using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Type;
using MeshOrleans.Xds.Tests.Translation.Edge;
using MeshOrleans.Xds.Translation.Checks;
using MeshOrleans.Xds.Translation.Scopes;
using HealthCheck = MeshOrleans.Xds.Protocol.Core.HealthCheck;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>The kind HealthCheck: whom it counts for, and what each kind of proxy is told.</summary>
public sealed class HealthCheckTranslatorTests
{
    private const string B = "outbound|80||b.app.svc.cluster.local";
    private const string Bytes = "outbound|9000||b.app.svc.cluster.local";
    private const string Grpc = "outbound|7070||c.other.svc.cluster.local";

    [Theory]
    [InlineData(ProxyMode.Sidecar)]
    [InlineData(ProxyMode.Envoy)]
    [InlineData(ProxyMode.Gateway)]
    public void What_is_not_said_has_its_default(ProxyMode mode)
    {
        var scope = mode is ProxyMode.Gateway ? EdgeMesh.Gateway : TestMesh.Of(TestMesh.Scope("app", "app=a"), mode);
        var cluster = TestMesh.With(Check("b", "host: b, http: {}")).For(scope).Cluster(B);

        var check = Assert.Single(cluster.HealthChecks);
        Assert.Equal((1.0, 10.0, 10.0), (Seconds(check.Timeout), Seconds(check.Interval), Seconds(check.NoTrafficInterval)));
        Assert.Equal((mode is ProxyMode.Sidecar ? 10.0 : 1.0, 1.0), (Seconds(check.InitialJitter), Seconds(check.IntervalJitter)));
        Assert.Equal((3u, 1u), (check.UnhealthyThreshold, check.HealthyThreshold));
        Assert.Equal(("/", "b.app.svc.cluster.local"), (check.HttpHealthCheck.Path, check.HttpHealthCheck.Host));
        Assert.Empty(check.HttpHealthCheck.ExpectedStatuses);
        Assert.Equal([new Int64Range { Start = 100, End = 600 }], check.HttpHealthCheck.RetriableStatuses);
        Assert.True(cluster.IgnoreHealthOnHostRemoval);
        Assert.Equal(0, cluster.CommonLbConfig.HealthyPanicThreshold.Value);
    }

    [Theory]
    [InlineData(ProxyMode.Sidecar)]
    [InlineData(ProxyMode.Envoy)]
    [InlineData(ProxyMode.Gateway)]
    public void A_passed_check_ends_no_ejection(ProxyMode mode)
    {
        var scope = mode is ProxyMode.Gateway ? EdgeMesh.Gateway : TestMesh.Of(TestMesh.Scope("app", "app=a"), mode);
        const string Rule = """
            kind: DestinationRule
            apiVersion: networking.istio.io/v1
            metadata: { name: b, namespace: app }
            spec: { host: b, trafficPolicy: { outlierDetection: { consecutive5xxErrors: 3 } } }
            """;

        Assert.Null(TestMesh.With(Rule).For(scope).Cluster(B).OutlierDetection.SuccessfulActiveHealthCheckUnejectHost);
        Assert.False(TestMesh.With(Rule + "\n---\n" + Check("b", "host: b, http: {}"))
            .For(scope).Cluster(B).OutlierDetection.SuccessfulActiveHealthCheckUnejectHost);
    }

    [Fact]
    public void What_is_said_is_told()
    {
        var check = Assert.Single(With("""
            host: b, port: 80, interval: 500ms, unhealthyThreshold: 5, healthyThreshold: 4,
            http: { path: /health, host: h.example, expectedStatuses: [ 204, 300-399 ] }
            """).For().Cluster(B).HealthChecks);

        Assert.Equal((0.5, 0.5, 0.05), (Seconds(check.Timeout), Seconds(check.Interval), Seconds(check.IntervalJitter)));
        Assert.Equal((5u, 4u), (check.UnhealthyThreshold, check.HealthyThreshold));
        Assert.Equal(("/health", "h.example"), (check.HttpHealthCheck.Path, check.HttpHealthCheck.Host));
        Assert.Equal(
            [new Int64Range { Start = 204, End = 205 }, new Int64Range { Start = 300, End = 400 }],
            check.HttpHealthCheck.ExpectedStatuses);
    }

    [Theory]
    [InlineData("http: {}", B)]
    [InlineData("tcp: {}", $"{B} {Bytes}")]
    [InlineData("grpc: {}", "")]
    [InlineData("port: 9000, tcp: {}", Bytes)]
    [InlineData("port: 9000, http: {}", "")]
    public void A_check_is_made_on_the_ports_that_it_fits(string spec, string checkedClusters)
    {
        var translated = With($"host: b, {spec}").For();

        Assert.Equal(
            checkedClusters,
            string.Join(' ', new[] { B, Bytes }.Where(name => translated.Cluster(name).HealthChecks.Count > 0)));
    }

    [Fact]
    public void A_call_goes_to_ports_of_gRPC_and_names_the_service()
    {
        var translated = With("host: c.other.svc.cluster.local, grpc: { service: shop }").For();

        var check = Assert.Single(translated.Cluster(Grpc).HealthChecks).GrpcHealthCheck;
        Assert.Equal(("shop", "c.other.svc.cluster.local"), (check.ServiceName, check.Authority));
        Assert.Empty(translated.Cluster("outbound|80||c.other.svc.cluster.local").HealthChecks);
    }

    [Theory]
    [InlineData("h2UpgradePolicy: UPGRADE", CodecClientType.Http2)]
    [InlineData("h2UpgradePolicy: DO_NOT_UPGRADE", CodecClientType.Http1)]
    [InlineData("useClientProtocol: true", CodecClientType.Http1)]
    public void A_request_is_made_in_the_version_that_the_cluster_speaks(string http, CodecClientType expected)
    {
        var translated = TestMesh.With($$"""
            {{Check("b", "host: b, http: {}")}}
            ---
            kind: DestinationRule
            apiVersion: networking.istio.io/v1
            metadata: { name: b, namespace: app }
            spec: { host: b, trafficPolicy: { connectionPool: { http: { {{http}} } } }, subsets: [ { name: v1, labels: { version: v1 } } ] }
            """).For(TestMesh.Envoy());

        Assert.Equal(expected, translated.Cluster(B).HealthChecks[0].HttpHealthCheck.CodecClientType);
        Assert.Single(translated.Cluster("outbound|80|v1|b.app.svc.cluster.local").HealthChecks); // subsets too
    }

    [Fact]
    public void The_clients_namespace_counts_before_the_services_and_that_before_the_root()
    {
        string Path(params string[] namespaces) => TestMesh
            .With(string.Join("\n---\n", namespaces.Select(ns => Check("x", Full($"/{ns}"), ns))))
            .For("other", "app=c").Cluster(B).HealthChecks.SingleOrDefault()?.HttpHealthCheck.Path ?? "";

        Assert.Equal("/other", Path("istio-system", "app", "other"));
        Assert.Equal("/app", Path("istio-system", "app"));
        Assert.Equal("/istio-system", Path("istio-system"));
        Assert.Equal("", Path("third"));
    }

    [Fact]
    public void One_that_names_the_port_counts_before_one_that_does_not_then_the_oldest()
    {
        var translated = TestMesh.With(string.Join(
            "\n---\n",
            Check("one", "host: b, http: { path: /one }"),
            Check("two", "host: b, port: 80, http: { path: /two }"),
            Check("three", "host: b, port: 80, http: { path: /three }"),
            Check("four", "host: b, tcp: {}"))).For();

        Assert.Equal("/two", Assert.Single(translated.Cluster(B).HealthChecks).HttpHealthCheck.Path);
        Assert.NotNull(Assert.Single(translated.Cluster(Bytes).HealthChecks).TcpHealthCheck);
    }

    [Fact]
    public void A_gRPC_program_is_told_of_none() =>
        Assert.Empty(With("host: b, http: {}").For(TestMesh.Proxyless()).Cluster(B).HealthChecks);

    [Fact]
    public void A_cluster_whose_mTLS_goes_through_a_gateway_unread_is_not_checked()
    {
        var mesh = TestMesh.With($$"""
            {{Check("b", "host: b, tcp: {}")}}
            ---
            kind: Gateway
            apiVersion: networking.istio.io/v1
            metadata: { name: gw, namespace: istio-system }
            spec:
              selector: { istio: ingressgateway }
              servers: [ { port: { number: 15443, name: open, protocol: TLS }, hosts: [ "*.app.svc.cluster.local" ], tls: { mode: AUTO_PASSTHROUGH } } ]
            """).For(EdgeMesh.Gateway);

        var open = mesh.Cluster("outbound_.80_._.b.app.svc.cluster.local");
        Assert.Equal((0, false), (open.HealthChecks.Count, open.IgnoreHealthOnHostRemoval));
        Assert.Single(mesh.Cluster(B).HealthChecks);
    }

    public static TheoryData<Action<Cluster>, string> Bad => new()
    {
        { c => c.HealthChecks.Add(new HealthCheck()), "of no kind" },
        { c => c.HealthChecks.Add(Good()), "more than one" },
        { c => c.HealthChecks[0].Timeout = new Duration(), "a health check without time" },
        { c => c.HealthChecks[0].Interval = null, "a health check without time" },
        { c => c.HealthChecks[0].NoTrafficInterval = new Duration(), "a health check without time" },
        { c => c.HealthChecks[0].HealthyThreshold = null, "without thresholds" },
        { c => c.HealthChecks[0].GrpcHealthCheck = new(), "need HTTP/2" },
        { c => c.HealthChecks[0].HttpHealthCheck = new(), "of path" },
        { c => c.HealthChecks[0].HttpHealthCheck.ExpectedStatuses.Add(new Int64Range { Start = 200, End = 200 }), "expects 200 to 200" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_bad_check_is_found(Action<Cluster> change, string fault)
    {
        var cluster = new Cluster { Name = "c", HealthChecks = { Good() } };
        var faults = new List<string>();
        HealthCheckCheck.Check(cluster, faults);
        Assert.Empty(faults);

        change(cluster);
        HealthCheckCheck.Check(cluster, faults);

        Assert.Contains(faults, f => f.Contains(fault, StringComparison.Ordinal));
    }

    private static HealthCheck Good() => new()
    {
        Timeout = new Duration { Seconds = 1 },
        Interval = new Duration { Seconds = 1 },
        UnhealthyThreshold = 1,
        HealthyThreshold = 1,
        HttpHealthCheck = new() { Path = "/" },
    };

    private static double Seconds(Duration duration) => duration.ToTimeSpan().TotalSeconds;

    private static string Full(string path) => $"host: b.app.svc.cluster.local, http: {{ path: {path} }}";

    private static TestMesh With(string spec) => TestMesh.With(Check("b", spec));

    private static string Check(string name, string spec, string ns = "app") => $$"""
        kind: HealthCheck
        apiVersion: mesh.orleans.io/v1
        metadata: { name: {{name}}, namespace: {{ns}} }
        spec: { {{spec.ReplaceLineEndings(" ")}} }
        """;
}
