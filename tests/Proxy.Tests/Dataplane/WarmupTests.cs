using MeshOrleans.Model;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Testing;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class WarmupTests
{
    private static readonly WarmupModel Minute = new() { Duration = TimeSpan.FromSeconds(60) };

    [Theory]
    [InlineData(0, 1, 0.1)]
    [InlineData(3, 1, 0.1)] // a twentieth is less than the least
    [InlineData(30, 1, 0.5)]
    [InlineData(15, 2, 0.5)] // the root of a quarter
    [InlineData(60, 1, 1)]
    [InlineData(600, 1, 1)]
    public void The_share_rises_from_the_least_to_all(int seconds, double aggression, double expected) =>
        Assert.Equal(expected, (Minute with { Aggression = aggression }).ShareAt(TimeSpan.FromSeconds(seconds)), 6);

    [Theory]
    [InlineData(LoadBalancing.RoundRobin)]
    [InlineData(LoadBalancing.LeastRequest)]
    public void A_new_endpoint_gets_its_share_little_by_little(LoadBalancing policy)
    {
        var clock = new ManualTimeProvider();
        using var state = new ClusterState("c", clock);
        state.Plan(Cluster(policy, 1));
        clock.Advance(TimeSpan.FromSeconds(61));
        var plan = state.Plan(Cluster(policy, 1, 2));

        var shares = new List<double>();
        foreach (var wait in new[] { 0, 30, 31 })
        {
            clock.Advance(TimeSpan.FromSeconds(wait));
            shares.Add(ShareOf(plan, port: 2));
        }

        Assert.InRange(shares[0], 0.07, 0.11); // 0.1 of 1.1
        Assert.InRange(shares[1], 0.31, 0.36); // 0.5 of 1.5
        Assert.InRange(shares[2], 0.47, 0.53);
    }

    [Fact]
    public void Endpoints_that_are_new_together_share_evenly() // each has a tenth, and a tenth of all is all
    {
        using var state = new ClusterState("c", new ManualTimeProvider());

        Assert.InRange(ShareOf(state.Plan(Cluster(LoadBalancing.RoundRobin, 1, 2)), port: 2), 0.49, 0.51);
    }

    [Fact]
    public void Without_warm_up_a_new_endpoint_has_its_share_at_once()
    {
        using var state = new ClusterState("c", new ManualTimeProvider());
        state.Plan(Cluster(LoadBalancing.RoundRobin, 1) with { Warmup = null });

        Assert.InRange(ShareOf(state.Plan(Cluster(LoadBalancing.RoundRobin, 1, 2) with { Warmup = null }), port: 2), 0.49, 0.51);
    }

    private static ClusterModel Cluster(LoadBalancing policy, params int[] ports) => new()
    {
        Name = "c",
        LoadBalancing = policy,
        Warmup = Minute,
        Endpoints = [.. ports.Select(p => new EndpointModel("127.0.0.1", p))],
    };

    private static double ShareOf(ClusterPlan plan, int port)
    {
        const int Draws = 10_000;
        return (double)Enumerable.Range(0, Draws)
            .Count(_ => plan.Selection.Pick(plan, SharedRandomSource.Instance)!.Value.Model.Port == port) / Draws;
    }
}
