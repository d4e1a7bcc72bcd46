using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Tls;
using UpstreamOptions = MeshOrleans.Xds.Protocol.Upstream.HttpProtocolOptions;

namespace MeshOrleans.Xds.Tests.Translation;

public sealed class ClusterTranslatorTests
{
    private const string B = "outbound|80||b.app.svc.cluster.local";

    [Fact]
    public void A_service_port_is_found_by_EDS_and_chosen_by_least_request_without_limits()
    {
        var cluster = TestMesh.With("").For().Cluster(B);

        Assert.Equal(
            (Cluster.Types.DiscoveryType.Eds, Cluster.Types.LbPolicy.LeastRequest, TimeSpan.FromSeconds(10)),
            (cluster.Type, cluster.LbPolicy, cluster.ConnectTimeout.ToTimeSpan()));
        var limits = Assert.Single(cluster.CircuitBreakers.Thresholds);
        Assert.Equal(
            [uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue],
            [limits.MaxConnections!.Value, limits.MaxPendingRequests!.Value, limits.MaxRequests!.Value, limits.MaxRetries!.Value]);
        Assert.Null(cluster.OutlierDetection);
    }

    [Fact]
    public void Ports_that_are_not_HTTP_have_a_cluster_and_endpoints_but_no_routes()
    {
        var translated = TestMesh.With("").For();

        Assert.Single(translated.Endpoints("outbound|9000||b.app.svc.cluster.local").Endpoints);
        Assert.False(translated.Has(TypeUrls.RouteConfiguration, "9000"));
        Assert.False(translated.Has(TypeUrls.Listener, "0.0.0.0_9000"));
    }

    [Fact]
    public void Each_block_of_a_subset_replaces_the_rules_whole()
    {
        var translated = TestMesh.With(Rule("""
            trafficPolicy: { loadBalancer: { simple: RANDOM }, connectionPool: { tcp: { maxConnections: 5 }, http: { http1MaxPendingRequests: 7 } } }
            subsets:
            - { name: v1, labels: { version: v1 }, trafficPolicy: { connectionPool: { tcp: { maxConnections: 9 } } } }
            """)).For();

        var v1 = translated.Cluster("outbound|80|v1|b.app.svc.cluster.local");
        Assert.Equal(Cluster.Types.LbPolicy.Random, v1.LbPolicy);
        Assert.Equal((9u, uint.MaxValue), (v1.CircuitBreakers.Thresholds[0].MaxConnections!.Value, v1.CircuitBreakers.Thresholds[0].MaxPendingRequests!.Value));
        Assert.Equal(5u, translated.Cluster(B).CircuitBreakers.Thresholds[0].MaxConnections);
        Assert.Equal("10.0.0.2", Assert.Single(Addresses(translated, v1.Name)));
    }

    [Fact]
    public void Settings_of_a_port_replace_the_rules_entirely()
    {
        var translated = TestMesh.With(Rule("""
            trafficPolicy:
              connectionPool: { tcp: { maxConnections: 1 } }
              loadBalancer: { simple: RANDOM }
              portLevelSettings: [ { port: { number: 80 }, loadBalancer: { simple: ROUND_ROBIN } } ]
            """)).For();

        var (http, tcp) = (translated.Cluster(B), translated.Cluster("outbound|9000||b.app.svc.cluster.local"));
        Assert.Equal((Cluster.Types.LbPolicy.RoundRobin, uint.MaxValue), (http.LbPolicy, http.CircuitBreakers.Thresholds[0].MaxConnections!.Value));
        Assert.Equal((Cluster.Types.LbPolicy.Random, 1u), (tcp.LbPolicy, tcp.CircuitBreakers.Thresholds[0].MaxConnections!.Value));
    }

    [Fact]
    public void Settings_of_a_subsets_port_replace_the_subset_and_the_rule_entirely()
    {
        var translated = TestMesh.With(Rule("""
            trafficPolicy: { loadBalancer: { simple: RANDOM }, connectionPool: { tcp: { maxConnections: 1 } } }
            subsets:
            - name: v1
              labels: { version: v1 }
              trafficPolicy:
                outlierDetection: { consecutive5xxErrors: 1 }
                portLevelSettings: [ { port: { number: 80 }, connectionPool: { http: { http1MaxPendingRequests: 7 } } } ]
            """)).For();

        var http = translated.Cluster("outbound|80|v1|b.app.svc.cluster.local");
        var limits = Assert.Single(http.CircuitBreakers.Thresholds);
        Assert.Equal(Cluster.Types.LbPolicy.LeastRequest, http.LbPolicy);
        Assert.Equal((uint.MaxValue, 7u), (limits.MaxConnections!.Value, limits.MaxPendingRequests!.Value));
        Assert.Null(http.OutlierDetection);
        var tcp = translated.Cluster("outbound|9000|v1|b.app.svc.cluster.local");
        Assert.Equal((Cluster.Types.LbPolicy.Random, 1u), (tcp.LbPolicy, tcp.CircuitBreakers.Thresholds[0].MaxConnections!.Value));
        Assert.NotNull(tcp.OutlierDetection);
    }

    [Fact]
    public void The_clients_namespace_counts_before_the_services_and_that_before_the_root()
    {
        var yaml = Rule("trafficPolicy: { loadBalancer: { simple: RANDOM } }", ns: "istio-system", host: "'*.app.svc.cluster.local'")
            + "\n---\n" + Rule("trafficPolicy: { loadBalancer: { simple: ROUND_ROBIN } }", ns: "other", host: "b.app.svc.cluster.local");

        Assert.Equal(Cluster.Types.LbPolicy.RoundRobin, TestMesh.With(yaml).For("other", "app=c").Cluster(B).LbPolicy);
        Assert.Equal(Cluster.Types.LbPolicy.Random, TestMesh.With(yaml).For().Cluster(B).LbPolicy);

        var all = yaml + "\n---\n" + Rule("trafficPolicy: { loadBalancer: { simple: LEAST_REQUEST } }");
        Assert.Equal(Cluster.Types.LbPolicy.LeastRequest, TestMesh.With(all).For().Cluster(B).LbPolicy);
        Assert.Equal(Cluster.Types.LbPolicy.RoundRobin, TestMesh.With(all).For("other", "app=c").Cluster(B).LbPolicy);
    }

    [Fact]
    public void Several_rules_for_a_host_are_merged_subset_by_subset()
    {
        var translated = TestMesh.With(
            Rule("{ trafficPolicy: { loadBalancer: { simple: RANDOM } }, subsets: [ { name: v1, labels: { version: v1 } } ] }", name: "z")
            + "\n---\n"
            + Rule("{ trafficPolicy: { loadBalancer: { simple: ROUND_ROBIN } }, subsets: [ { name: v1, labels: { version: v2 } }, { name: v2, labels: { version: v2 } } ] }", name: "y")).For();

        Assert.Equal(Cluster.Types.LbPolicy.Random, translated.Cluster(B).LbPolicy);
        Assert.Equal(["10.0.0.2"], Addresses(translated, "outbound|80|v1|b.app.svc.cluster.local"));
        Assert.Equal(["10.0.0.3"], Addresses(translated, "outbound|80|v2|b.app.svc.cluster.local"));
    }

    [Fact]
    public void Outlier_detection_and_limits_are_translated()
    {
        var cluster = TestMesh.With(Rule("""
            trafficPolicy:
              connectionPool:
                tcp: { maxConnections: 100, connectTimeout: 3s }
                http: { http1MaxPendingRequests: 10, http2MaxRequests: 500, http1MaxRequests: 400, maxRequestsPerConnection: 2, h2UpgradePolicy: UPGRADE }
              outlierDetection: { consecutive5xxErrors: 5, consecutiveGatewayErrors: 0, interval: 30s, baseEjectionTime: 60s, maxEjectionPercent: 50 }
            """)).For().Cluster(B);

        var limits = cluster.CircuitBreakers.Thresholds[0];
        Assert.Equal((100u, 10u, 400u), (limits.MaxConnections!.Value, limits.MaxPendingRequests!.Value, limits.MaxRequests!.Value));
        var outlier = cluster.OutlierDetection;
        Assert.Equal(
            (5u, 100u, 0u, 0u, 50u, 0u),
            (outlier.Consecutive5Xx!.Value, outlier.EnforcingConsecutive5Xx!.Value, outlier.ConsecutiveGatewayFailure!.Value,
                outlier.EnforcingConsecutiveGatewayFailure!.Value, outlier.MaxEjectionPercent!.Value, outlier.EnforcingSuccessRate!.Value));
        Assert.Equal((30d, 60d), (outlier.Interval.ToTimeSpan().TotalSeconds, outlier.BaseEjectionTime.ToTimeSpan().TotalSeconds));
        var options = Assert.Single(cluster.TypedExtensionProtocolOptions.Values).Unpack<UpstreamOptions>();
        Assert.Equal(2u, options.CommonHttpProtocolOptions.MaxRequestsPerConnection);
        Assert.NotNull(options.ExplicitHttpConfig.Http2ProtocolOptions);
        Assert.Equal(0, cluster.CommonLbConfig.HealthyPanicThreshold.Value);
    }

    [Fact]
    public void Without_a_word_each_endpoint_decides_on_mesh_mTLS()
    {
        var translated = TestMesh.With("").And(TestMesh.Workload("app", "b-3", "10.0.0.9", "app=b", sidecar: false)).For();

        var matches = translated.Cluster(B).TransportSocketMatches;
        Assert.Equal(["tlsMode-istio", "tlsMode-disabled"], matches.Select(m => m.Name));
        var tls = matches[0].TransportSocket.TypedConfig.Unpack<UpstreamTlsContext>();
        Assert.Equal("outbound_.80_._.b.app.svc.cluster.local", tls.Sni);
        Assert.Equal(["spiffe://cluster.local/ns/app/sa/b"], Sans(tls));
        Assert.Equal(["istio-http/1.1", "istio", "http/1.1"], tls.CommonTlsContext.AlpnProtocols);
        Assert.Equal(
            [("10.0.0.2", true), ("10.0.0.3", true), ("10.0.0.9", false)],
            translated.Endpoints(B).Endpoints[0].LbEndpoints.Select(e => (
                e.Endpoint.Address.SocketAddress.Address,
                e.Metadata.FilterMetadata.ContainsKey("envoy.transport_socket_match"))));
    }

    [Fact]
    public void An_endpoint_whose_port_refuses_mTLS_is_called_in_plaintext()
    {
        var translated = TestMesh.With("""
            kind: PeerAuthentication
            apiVersion: security.istio.io/v1
            metadata: { name: b }
            spec: { selector: { matchLabels: { version: v1 } }, portLevelMtls: { 8080: { mode: DISABLE } } }
            """).For();

        Assert.Equal([false, true], translated.Endpoints(B).Endpoints[0].LbEndpoints
            .Select(e => e.Metadata.FilterMetadata.ContainsKey("envoy.transport_socket_match")));
    }

    [Theory]
    [InlineData("DISABLE", null)]
    [InlineData("ISTIO_MUTUAL", "outbound_.80_._.b.app.svc.cluster.local")]
    [InlineData("SIMPLE", "b.app.svc.cluster.local")]
    public void What_a_rule_says_about_TLS_holds_for_every_endpoint(string mode, string? serverName)
    {
        var cluster = TestMesh.With(Rule($"trafficPolicy: {{ tls: {{ mode: {mode} }} }}")).For().Cluster(B);

        Assert.Empty(cluster.TransportSocketMatches);
        Assert.Equal(serverName, cluster.TransportSocket?.TypedConfig.Unpack<UpstreamTlsContext>().Sni);
    }

    [Fact]
    public void Federated_members_keep_their_own_trust_domain()
    {
        var foreign = TestMesh.Workload("app", "b-9", "10.9.0.1", "app=b") with
        {
            Identity = Model.Identity.SpiffeId.Parse("spiffe://east.example/ns/app/sa/b"),
        };

        var matches = TestMesh.With("").And(foreign).For().Cluster(B).TransportSocketMatches;

        Assert.Equal(
            ["spiffe://cluster.local/ns/app/sa/b", "spiffe://east.example/ns/app/sa/b"],
            Sans(matches[0].TransportSocket.TypedConfig.Unpack<UpstreamTlsContext>()));
    }

    [Fact]
    public void External_services_are_resolved_by_name_and_not_called_with_mesh_mTLS()
    {
        var cluster = TestMesh.With("""
            kind: ServiceEntry
            apiVersion: networking.istio.io/v1
            metadata: { name: e }
            spec: { hosts: [ shop.example ], resolution: DNS, ports: [ { number: 443, name: https, protocol: HTTPS } ] }
            """).For().Cluster("outbound|443||shop.example");

        Assert.Equal(Cluster.Types.DiscoveryType.StrictDns, cluster.Type);
        Assert.Equal("shop.example", cluster.LoadAssignment.Endpoints[0].LbEndpoints[0].Endpoint.Address.SocketAddress.Address);
        Assert.Empty(cluster.TransportSocketMatches);
        Assert.Null(cluster.TransportSocket);
    }

    [Fact]
    public void Unhealthy_members_are_left_out_and_leaving_ones_marked()
    {
        var translated = TestMesh.With("").And(
            TestMesh.Workloads[1] with { Health = WorkloadHealth.Unhealthy },
            TestMesh.Workloads[2] with { Health = WorkloadHealth.Draining }).For();

        var endpoint = Assert.Single(Assert.Single(translated.Endpoints(B).Endpoints).LbEndpoints);

        Assert.Equal(("10.0.0.3", Protocol.Core.HealthStatus.Draining), (endpoint.Endpoint.Address.SocketAddress.Address, endpoint.HealthStatus));
        Assert.Equal(18080u, endpoint.Endpoint.Address.SocketAddress.PortValue);
    }

    [Theory]
    [InlineData("trafficPolicy: { outlierDetection: { consecutive5xxErrors: 1 } }", new uint[] { 0, 2, 1 })]
    [InlineData("trafficPolicy: { loadBalancer: { simple: RANDOM } }", new uint[] { 0, 0, 0 })]
    public void Near_endpoints_come_first_where_somebody_watches_them(string policy, uint[] expected)
    {
        var mesh = TestMesh.With(Rule(policy)).And(
            TestMesh.Workloads[1] with { Locality = Locality.Parse("here/z1") },
            TestMesh.Workloads[2] with { Locality = Locality.Parse("here/z2") },
            TestMesh.Workload("app", "b-3", "10.0.0.9", "app=b") with { Locality = Locality.Parse("far/z1"), Weight = 4 });

        var localities = mesh.For(TestMesh.Scope("app", "app=a") with { Locality = Locality.Parse("here/z1") }).Endpoints(B).Endpoints;

        Assert.Equal(["far", "here", "here"], localities.Select(l => l.Locality.Region));
        Assert.Equal([4u, 1u, 1u], localities.Select(l => l.LoadBalancingWeight!.Value));
        Assert.Equal(expected.Order(), localities.Select(l => l.Priority).Order());
        if (expected[1] != 0) Assert.Equal([2u, 0u, 1u], localities.Select(l => l.Priority));
    }

    [Fact]
    public void The_port_protocol_decides_on_HTTP2()
    {
        var translated = TestMesh.With("").For();

        Assert.Empty(translated.Cluster(B).TypedExtensionProtocolOptions);
        var grpc = translated.Cluster("outbound|7070||c.other.svc.cluster.local");
        Assert.NotNull(Assert.Single(grpc.TypedExtensionProtocolOptions.Values).Unpack<UpstreamOptions>().ExplicitHttpConfig.Http2ProtocolOptions);
    }

    private static IEnumerable<string> Addresses(Translated translated, string cluster) =>
        translated.Endpoints(cluster).Endpoints.SelectMany(l => l.LbEndpoints).Select(e => e.Endpoint.Address.SocketAddress.Address);

    private static IEnumerable<string> Sans(UpstreamTlsContext tls) =>
        tls.CommonTlsContext.CombinedValidationContext.DefaultValidationContext.MatchTypedSubjectAltNames.Select(m => m.Matcher.Exact);

    private static string Rule(string spec, string name = "b", string ns = "app", string host = "b") => $"""
        kind: DestinationRule
        apiVersion: networking.istio.io/v1
        metadata: {"{"} name: {name}, namespace: {ns} {"}"}
        spec:
          host: {host}
        {string.Join('\n', (spec.StartsWith('{') ? Unfold(spec) : spec).Split('\n').Select(line => "  " + line))}
        """;

    /// <summary>Flow style on one line, one key per line.</summary>
    private static string Unfold(string flow) => flow.Trim()[1..^1].Trim().Replace(", subsets:", "\nsubsets:", StringComparison.Ordinal);
}
