using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Configuration.Readers;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Type;
using XdsCluster = MeshOrleans.Xds.Protocol.Cluster.Cluster;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>Which health checks a sidecar takes, and which it refuses by field.</summary>
public sealed class HealthCheckReaderTests
{
    public static TheoryData<string, HealthCheck[]> Refused => new()
    {
        { "health_checks: more than one is not supported", [new(), new()] },
        { "health_checks[0]: is of a kind that is not supported", [new()] },
        { "health_checks[0].timeout: must be more than zero", [new() { TcpHealthCheck = new() }] },
        { "health_checks[0].interval: must be more than zero", [new() { TcpHealthCheck = new(), Timeout = new() { Seconds = 1 } }] },
        {
            "health_checks[0].healthy_threshold: must be given",
            [With(new HealthCheck { TcpHealthCheck = new() }, healthy: null)]
        },
        { "health_checks[0].grpc_health_check: needs a cluster of HTTP/2", [new() { GrpcHealthCheck = new() }] },
        { "health_checks[0].http_health_check.path: must begin with /", [new() { HttpHealthCheck = new() }] },
        { "health_checks[0].http_health_check.host: has a line break", [new() { HttpHealthCheck = new() { Path = "/", Host = "a\r\nb" } }] },
        {
            "health_checks[0].http_health_check.expected_statuses[0]: 99 to 600 are no statuses",
            [new() { HttpHealthCheck = new() { Path = "/", ExpectedStatuses = { new Int64Range { Start = 99, End = 600 } } } }]
        },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_check_that_cannot_be_made_is_refused_by_field(string expected, HealthCheck[] checks)
    {
        var exception = Assert.Throws<UnusableResourceException>(() => ClusterReader.Read(Cluster(checks), FieldPath.Root));

        Assert.Equal(expected, exception.Message);
    }

    [Fact]
    public void All_that_a_check_says_is_read()
    {
        var cluster = Cluster(With(
            new HealthCheck
            {
                IntervalJitter = new() { Nanos = 500_000_000 },
                InitialJitter = new() { Seconds = 1 },
                HttpHealthCheck = new() { Path = "/h", Host = "b.app", RetriableStatuses = { new Int64Range { Start = 500, End = 600 } } },
            },
            healthy: 2));

        Assert.Equal(
            new HealthCheckModel
            {
                Probe = new HealthProbe.Http("/h", "b.app", [new StatusSpan(200, 201)], [new StatusSpan(500, 600)]),
                Timeout = TimeSpan.FromSeconds(2),
                Interval = TimeSpan.FromSeconds(5),
                IntervalJitter = TimeSpan.FromSeconds(0.5),
                InitialJitter = TimeSpan.FromSeconds(1),
                UnhealthyThreshold = 4,
                HealthyThreshold = 2,
            },
            ClusterReader.Read(cluster, FieldPath.Root).Model.HealthCheck);
    }

    [Fact]
    public void The_threshold_of_a_panic_is_Envoys_unless_it_is_said()
    {
        var cluster = Cluster(With(new HealthCheck { TcpHealthCheck = new() }, healthy: 1));

        Assert.Equal(50, ClusterReader.Read(cluster, FieldPath.Root).Model.PanicThresholdPercent);
        cluster.CommonLbConfig = new() { HealthyPanicThreshold = new() };
        Assert.Equal(0, ClusterReader.Read(cluster, FieldPath.Root).Model.PanicThresholdPercent);
        Assert.Equal(0, ClusterReader.Read(Cluster(), FieldPath.Root).Model.PanicThresholdPercent);
    }

    private static XdsCluster Cluster(params HealthCheck[] checks)
    {
        var cluster = MeshResources.EdsCluster("c");
        cluster.HealthChecks.AddRange(checks);
        return cluster;
    }

    private static HealthCheck With(HealthCheck check, uint? healthy)
    {
        check.Timeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(2));
        check.Interval = Duration.FromTimeSpan(TimeSpan.FromSeconds(5));
        (check.UnhealthyThreshold, check.HealthyThreshold) = (4, healthy);
        return check;
    }
}
