using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>Outlier detection and warm-up.</summary>
public sealed class EndpointCareTests
{
    private const string B = "outbound|80||b.app.svc.cluster.local";

    [Theory]
    [InlineData("", null)]
    [InlineData("mesh.orleans.io/always-eject-one-host: \"true\"", true)]
    [InlineData("mesh.orleans.io/always-eject-one-host: \"no\"", null)]
    public void One_endpoint_may_always_be_ejected_only_where_the_rule_says_so(string annotation, bool? expected) =>
        Assert.Equal(expected, With("outlierDetection: {}", annotation).OutlierDetection.AlwaysEjectOneHost);

    [Fact]
    public void Statuses_that_count_as_errors_are_told_to_our_own_sidecars()
    {
        var cluster = With("outlierDetection: { outlierDetectionHttpErrorCodes: [429, 503] }");

        var list = cluster.Metadata.FilterMetadata[MeshMetadata.Filter].Fields[MeshMetadata.OutlierStatuses].ListValue;
        Assert.Equal([429, 503], list.Values.Select(v => v.NumberValue));
        Assert.Null(With("outlierDetection: {}").Metadata);
    }

    [Fact]
    public void Every_field_of_outlier_detection_is_told_and_an_absent_one_is_left_to_its_default()
    {
        var outlier = With("""
            outlierDetection:
              { consecutive5xxErrors: 7, consecutiveGatewayErrors: 3, interval: 2s, baseEjectionTime: 3s, maxEjectionPercent: 40,
                minHealthPercent: 20, splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 4 }
            """);
        var none = With("outlierDetection: {}").OutlierDetection;

        var found = outlier.OutlierDetection;
        Assert.Equal((7u, 100u), (found.Consecutive5Xx, found.EnforcingConsecutive5Xx));
        Assert.Equal((3u, 100u), (found.ConsecutiveGatewayFailure, found.EnforcingConsecutiveGatewayFailure));
        Assert.Equal((4u, 100u, true), (found.ConsecutiveLocalOriginFailure, found.EnforcingConsecutiveLocalOriginFailure, found.SplitExternalLocalOriginErrors));
        Assert.Equal((2L, 3L, 40u), (found.Interval.Seconds, found.BaseEjectionTime.Seconds, found.MaxEjectionPercent));
        Assert.Equal(20, outlier.CommonLbConfig.HealthyPanicThreshold.Value);
        Assert.Equal((null, null, null, null), (none.Consecutive5Xx, none.ConsecutiveGatewayFailure, none.Interval, none.MaxEjectionPercent));
        Assert.Equal(0, With("outlierDetection: {}").CommonLbConfig.HealthyPanicThreshold.Value);
    }

    [Theory]
    [InlineData("", Cluster.Types.LbPolicy.LeastRequest)]
    [InlineData("simple: LEAST_CONN, ", Cluster.Types.LbPolicy.LeastRequest)]
    [InlineData("simple: ROUND_ROBIN, ", Cluster.Types.LbPolicy.RoundRobin)]
    public void Warm_up_belongs_to_the_load_balancer(string simple, Cluster.Types.LbPolicy expected)
    {
        var cluster = With($"loadBalancer: {{ {simple}warmup: {{ duration: 90s, minimumPercent: 20, aggression: 2 }} }}");

        var config = cluster.RoundRobinLbConfig?.SlowStartConfig ?? cluster.LeastRequestLbConfig.SlowStartConfig;
        Assert.Equal(expected, cluster.LbPolicy);
        Assert.Equal((90L, 20.0, 2.0), (config.SlowStartWindow.Seconds, config.MinWeightPercent.Value, config.Aggression.DefaultValue));
        Assert.NotEqual("", config.Aggression.RuntimeKey);
    }

    [Fact]
    public void Warm_up_begins_with_a_tenth_and_rises_in_a_straight_line()
    {
        var config = With("loadBalancer: { warmup: { duration: 5s } }").LeastRequestLbConfig.SlowStartConfig;

        Assert.Equal((10.0, 1.0), (config.MinWeightPercent.Value, config.Aggression.DefaultValue));
    }

    private static Cluster With(string policy, string annotation = "") => TestMesh.With($$"""
        kind: DestinationRule
        apiVersion: networking.istio.io/v1
        metadata: { name: b, namespace: app, annotations: { {{annotation}} } }
        spec:
          host: b
          trafficPolicy:
            {{policy.Replace("\n", "\n    ", StringComparison.Ordinal)}}
        """).For().Cluster(B);
}
