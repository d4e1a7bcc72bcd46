using MeshOrleans.Model;
using MeshOrleans.Model.Topology;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class EndpointSelectionTests
{
    private static readonly Seeded Chance = new();

    [Theory]
    [InlineData(LoadBalancing.Random)]
    [InlineData(LoadBalancing.RoundRobin)]
    [InlineData(LoadBalancing.LeastRequest)]
    public void Idle_endpoints_are_chosen_by_weight(LoadBalancing policy)
    {
        var plan = Plan(policy, At(1) with { Weight = 3 }, At(2));

        Assert.InRange(Share(plan, port: 1), 0.72, 0.78);
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(3000, 1000)] // more than a round can hold
    [InlineData(7, 5)]
    public void Round_robin_spreads_the_heavy_ones_over_the_round(long heavy, long light)
    {
        var plan = Plan(LoadBalancing.RoundRobin, At(1) with { Weight = heavy }, At(2) with { Weight = light });

        var turns = Enumerable.Range(0, 1200).Select(_ => plan.Selection.Pick(plan, Chance)!.Value.Model.Port).ToList();

        Assert.InRange(turns.Count(p => p == 1), 1200 * heavy / (heavy + light) - 3, 1200 * heavy / (heavy + light) + 3);
        for (var i = 0; i + 6 < turns.Count; i++) Assert.Contains(2, turns.GetRange(i, 6));
    }

    [Fact]
    public void The_loaded_endpoint_is_chosen_less_often()
    {
        var plan = Plan(LoadBalancing.LeastRequest, At(1), At(2));
        for (var i = 0; i < 10; i++) plan.Slots[0].State.Begin();

        Assert.InRange(Share(plan, port: 1), 0.20, 0.30); // only when both draws fall on it
    }

    [Theory]
    [InlineData(5, 0, 1.0)] // all of the first priority are in
    [InlineData(4, 1, 1.0)] // 80 % x 1.4 is still everything
    [InlineData(3, 2, 0.84)] // 60 % x 1.4
    [InlineData(1, 4, 0.28)]
    [InlineData(0, 5, 0.0)]
    public void Overflow_to_the_next_priority_begins_at_1_4_times_the_healthy_share(int healthy, int unhealthy, double expected)
    {
        var first = Enumerable.Range(1, healthy).Select(At)
            .Concat(Enumerable.Range(10, unhealthy).Select(p => At(p) with { Health = EndpointHealth.Unhealthy }));
        var plan = Plan(LoadBalancing.Random, [.. first, At(99) with { Priority = 1 }]);

        Assert.InRange(1 - Share(plan, port: 99), expected - 0.03, expected + 0.03);
    }

    [Theory]
    [InlineData(4, 1, 80, 0.0)] // 75 % x 1.4 is everything: there is no panic, however high the threshold
    [InlineData(3, 2, 30, 0.0)] // 33 % x 1.4 is not, but 33 is above the threshold
    [InlineData(3, 2, 50, 0.67)]
    [InlineData(3, 3, 50, 1.0)]
    public void Ejections_do_not_count_while_too_few_are_left_to_take_everything(int all, int ejected, int threshold, double expected)
    {
        var plan = Ejected(threshold, port => port <= ejected, [.. Enumerable.Range(1, all).Select(At)]);

        var toEjected = Enumerable.Range(1, ejected).Sum(port => Share(plan, port));

        Assert.InRange(toEjected, expected - 0.03, expected + 0.03);
    }

    [Theory]
    [InlineData(false, 0.0)] // the next priority can take everything: nobody panics
    [InlineData(true, 0.67)] // nobody is left anywhere: each priority by its size
    public void A_priority_whose_endpoints_are_ejected_keeps_nothing_that_the_next_one_can_take(bool isNextToo, double expected)
    {
        EndpointModel[] next = [At(11) with { Priority = 1 }, At(12) with { Priority = 1 }];

        var plan = Ejected(50, port => port < 10 || isNextToo, [At(1), At(2), At(3), At(4), .. next]);

        Assert.InRange(Enumerable.Range(1, 4).Sum(port => Share(plan, port)), expected - 0.03, expected + 0.03);
    }

    [Fact]
    public void Localities_share_by_their_weights_whatever_their_size()
    {
        var (west, east) = (Locality.Parse("west"), Locality.Parse("east"));
        var cluster = Cluster(
            LoadBalancing.Random,
            At(1) with { Locality = west, LocalityWeight = 80 },
            At(2) with { Locality = east, LocalityWeight = 20 },
            At(3) with { Locality = east, LocalityWeight = 20 }) with { LocalityWeighted = true };
        using var state = new ClusterState("c", TimeProvider.System);

        Assert.InRange(Share(state.Plan(cluster), port: 1), 0.77, 0.83);
    }

    [Fact]
    public void Draining_and_unhealthy_endpoints_take_nothing_and_degraded_ones_only_in_need()
    {
        var degraded = At(1) with { Health = EndpointHealth.Degraded };
        var draining = At(2) with { Health = EndpointHealth.Draining };

        Assert.Equal(1, Share(Plan(LoadBalancing.Random, degraded, draining), port: 1));
        Assert.Equal(0, Share(Plan(LoadBalancing.Random, degraded, draining, At(3)), port: 1));
        Assert.Null(Plan(LoadBalancing.Random, draining).Selection.Pick(Plan(LoadBalancing.Random, draining), Chance));
    }

    [Fact]
    public void What_is_known_about_an_endpoint_survives_a_new_model()
    {
        using var state = new ClusterState("c", TimeProvider.System);
        var before = state.Plan(Cluster(LoadBalancing.Random, At(1), At(2)));
        before.Slots[0].State.Begin();

        var after = state.Plan(Cluster(LoadBalancing.Random, At(3), At(1) with { Weight = 7 }));

        Assert.Same(before.Slots[0].State, after.Slots[1].State);
        Assert.Equal(1, after.Slots[1].State.Active);
        Assert.Same(before.Settings, after.Settings);
    }

    private static EndpointModel At(int port) => new("127.0.0.1", port);

    private static ClusterModel Cluster(LoadBalancing policy, params EndpointModel[] endpoints) =>
        new() { Name = "c", LoadBalancing = policy, Endpoints = [.. endpoints] };

    private static ClusterPlan Plan(LoadBalancing policy, params EndpointModel[] endpoints)
    {
        using var state = new ClusterState("c", TimeProvider.System);
        return state.Plan(Cluster(policy, endpoints));
    }

    private static ClusterPlan Ejected(int panicThreshold, Func<int, bool> isOut, params EndpointModel[] endpoints)
    {
        using var state = new ClusterState("c", TimeProvider.System);
        var plan = state.Plan(Cluster(LoadBalancing.Random, endpoints) with { PanicThresholdPercent = panicThreshold });
        foreach (var slot in plan.Slots.Where(s => isOut(s.Model.Port))) slot.State.Outlier.TryEject(0);
        state.HealthChanged();
        return plan;
    }

    private static double Share(ClusterPlan plan, int port)
    {
        const int Draws = 10_000;
        return (double)Enumerable.Range(0, Draws).Count(_ => plan.Selection.Pick(plan, Chance)!.Value.Model.Port == port) / Draws;
    }

    private sealed class Seeded : IRandomSource
    {
        private readonly Random _random = new(42);

        public double NextDouble()
        {
            lock (_random) return _random.NextDouble();
        }
    }
}
