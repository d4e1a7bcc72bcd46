using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Topology;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>What behaviour T20 says a client sees.</summary>
public sealed class LocalityFailoverTests
{
    private static readonly OutlierModel Strict =
        new() { Consecutive5xx = 1, MaxEjectionPercent = 100, BaseEjectionTime = TimeSpan.FromMinutes(3) };

    private static readonly RetryPolicyModel IstioDefault =
        new RetryPolicyModel { Attempts = 2, AvoidPreviousHosts = true }
            .WithConditions("connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes");

    [Fact]
    public async Task The_near_region_takes_over_from_an_unreachable_one_and_the_far_one_gets_nothing()
    {
        await using var local = await EchoBackend.StartAsync("local");
        await using var near = await EchoBackend.StartAsync("near");
        await using var far = await EchoBackend.StartAsync("far");
        await using var proxy = await StartAsync(Cluster(local.Port, near.Port, far.Port) with { Outlier = Strict });

        for (var i = 0; i < 50; i++) Assert.Equal((HttpStatusCode.OK, "local"), await proxy.GetAsync("http://b/"));
        proxy.State.Apply(Model(Cluster(ClosedPort.Next(), near.Port, far.Port) with { Outlier = Strict }));
        for (var i = 0; i < 50; i++) Assert.Equal((HttpStatusCode.OK, "near"), await proxy.GetAsync("http://b/"));

        Assert.Equal(0, far.Calls);
    }

    [Fact]
    public async Task Shares_are_kept_and_who_has_none_gets_nothing()
    {
        await using var local = await EchoBackend.StartAsync("local");
        await using var near = await EchoBackend.StartAsync("near");
        var cluster = Cluster(local.Port, near.Port) with { LocalityWeighted = true };
        cluster = cluster with
        {
            Endpoints =
            [
                cluster.Endpoints[0] with { Priority = 0, LocalityWeight = 20_000 },
                cluster.Endpoints[1] with { Priority = 0, LocalityWeight = 80_000 },
            ],
        };
        await using var proxy = await StartAsync(cluster);

        for (var i = 0; i < 100; i++) await proxy.GetAsync("http://b/");

        Assert.InRange(near.Calls, 77, 83); // in turn, so no chance is in it
        Assert.Equal(100, local.Calls + near.Calls);
    }

    private static ClusterModel Cluster(params int[] ports)
    {
        var cluster = Models.Cluster("c", ports) with { LoadBalancing = LoadBalancing.RoundRobin };
        return cluster with
        {
            Endpoints = [.. cluster.Endpoints.Select((e, i) => e with { Priority = i, Locality = Locality.Parse($"region-{i}") })],
        };
    }

    private static ProxyModel Model(ClusterModel cluster) =>
        Models.Outbound(Models.Table(Models.To(Models.Forward("c") with { Retry = IstioDefault })), cluster);

    private static Task<TestProxy> StartAsync(ClusterModel cluster) => TestProxy.StartAsync(Model(cluster));
}
