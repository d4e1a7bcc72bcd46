using MeshOrleans.Xds.Protocol.Retry;
using MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>When and how often requests are sent again (behaviour rows 11 and 12).</summary>
public sealed class RetryTranslatorTests
{
    [Fact]
    public void Other_localities_are_tried_after_two_tries_of_one_priority()
    {
        var policy = Policy("{ attempts: 4, retryRemoteLocalities: true }")!;

        Assert.Equal("envoy.retry_priorities.previous_priorities", policy.RetryPriority.Name);
        Assert.Equal(2, policy.RetryPriority.TypedConfig.Unpack<PreviousPrioritiesConfig>().UpdateFrequency);
        Assert.Null(Policy("{ attempts: 4, retryRemoteLocalities: false }")!.RetryPriority);
        Assert.Null(Policy("{ attempts: 4 }")!.RetryPriority);
    }

    [Fact]
    public void The_policy_of_the_mesh_stands_in_where_a_route_says_nothing()
    {
        const string Mesh = "defaultHttpRetryPolicy: { attempts: 7, retryOn: \"502,reset\", perTryTimeout: 2s, backoff: 40ms }";

        var policy = TestMesh.With(MeshConfig(Mesh)).For().RoutesOfB[0].Route_.RetryPolicy;
        var own = TestMesh.With(MeshConfig(Mesh) + Route("{ attempts: 1, retryOn: 5xx }")).For().RoutesOfB[0].Route_.RetryPolicy;
        var off = TestMesh.With(MeshConfig("defaultHttpRetryPolicy: { attempts: 0 }")).For().RoutesOfB[0].Route_.RetryPolicy;

        Assert.Equal((7u, "reset,retriable-status-codes"), (policy.NumRetries!.Value, policy.RetryOn));
        Assert.Equal([502u], policy.RetriableStatusCodes);
        Assert.Equal(
            (2000.0, 40.0),
            (policy.PerTryTimeout.ToTimeSpan().TotalMilliseconds, policy.RetryBackOff.BaseInterval.ToTimeSpan().TotalMilliseconds));
        Assert.Equal((1u, "5xx"), (own.NumRetries!.Value, own.RetryOn));
        Assert.Null(own.PerTryTimeout);
        Assert.Null(off);
    }

    [Fact]
    public void Hosts_that_were_tried_are_avoided_unless_the_route_says_no()
    {
        Assert.Equal("envoy.retry_host_predicates.previous_hosts", Assert.Single(Policy("{ attempts: 1 }")!.RetryHostPredicate).Name);
        Assert.Empty(Policy("{ attempts: 1, retryIgnorePreviousHosts: false }")!.RetryHostPredicate);
    }

    [Fact]
    public void The_workload_is_tried_again_for_a_connection_that_was_gone_and_gRPC_is_not()
    {
        var mesh = TestMesh.With("");

        var http = mesh.For("app", "app=a").Manager(8080).RouteConfig.VirtualHosts[0].Routes[0].Route_.RetryPolicy;
        var grpc = mesh.For("other", "app=c").Manager(7070).RouteConfig.VirtualHosts[0].Routes[0].Route_.RetryPolicy;

        Assert.Equal((2u, "reset-before-request"), (http.NumRetries!.Value, http.RetryOn));
        Assert.Null(grpc);
    }

    [Fact]
    public void How_much_of_a_body_is_remembered_is_said_only_where_the_mesh_says_it()
    {
        var said = TestMesh.With(MeshConfig("requestBufferLimitBytes: 1000")).For().Routes(80).VirtualHosts;
        var unsaid = TestMesh.With("").For().Routes(80).VirtualHosts;

        var atGateway = TestMesh.With(MeshConfig("requestBufferLimitBytes: 1000") + "\n---\n" + Edge.EdgeMesh.Manifests)
            .For(Edge.EdgeMesh.Gateway).Routes("http.80").VirtualHosts;

        Assert.All(said.Concat(atGateway), h => Assert.Equal(1000u, h.PerRequestBufferLimitBytes));
        Assert.All(unsaid, h => Assert.Null(h.PerRequestBufferLimitBytes));
    }

    [Fact]
    public void A_retry_budget_has_Envoys_defaults()
    {
        const string Rule = "{ kind: DestinationRule, apiVersion: networking.istio.io/v1, metadata: { name: b }, spec: { host: b, trafficPolicy: { retryBudget: { RULE } } } }";

        var plain = Budget(Rule.Replace("RULE", ""));
        var own = Budget(Rule.Replace("RULE", "percent: { value: 12.5 }, minRetryConcurrency: 9"));

        Assert.Equal((20.0, 3u), (plain.BudgetPercent.Value, plain.MinRetryConcurrency!.Value));
        Assert.Equal((12.5, 9u), (own.BudgetPercent.Value, own.MinRetryConcurrency!.Value));
        Assert.Null(TestMesh.With("").For().Cluster("outbound|80||b.app.svc.cluster.local").CircuitBreakers.Thresholds[0].RetryBudget);
    }

    private static Protocol.Cluster.CircuitBreakers.Types.Thresholds.Types.RetryBudget Budget(string yaml) =>
        TestMesh.With(yaml).For().Cluster("outbound|80||b.app.svc.cluster.local").CircuitBreakers.Thresholds[0].RetryBudget;

    private static RetryPolicy? Policy(string retries) => TestMesh.With(Route(retries)).For().RoutesOfB[0].Route_.RetryPolicy;

    private static string Route(string retries) =>
        $$"""

        ---
        kind: VirtualService
        apiVersion: networking.istio.io/v1
        metadata: { name: b }
        spec: { hosts: [b], http: [{ retries: {{retries}}, route: [{ destination: { host: b } }] }] }
        """;

    private static string MeshConfig(string spec) =>
        $$"""
        kind: MeshConfig
        apiVersion: mesh.orleans.io/v1
        metadata: { name: default, namespace: istio-system }
        spec: { {{spec}} }
        """;
}
