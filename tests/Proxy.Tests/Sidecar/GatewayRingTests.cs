using System.Collections.Immutable;
using MeshOrleans.Model;
using MeshOrleans.Proxy.Sidecar;
using MeshOrleans.Proxy.Sidecar.Settings;
using MeshOrleans.Testing;

namespace MeshOrleans.Proxy.Tests.Sidecar;

public sealed class GatewayRingTests
{
    private static readonly ImmutableArray<HostPort> Three = [new("a", 1), new("b", 2), new("c", 3)];

    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Sidecars_spread_over_the_gateways_and_each_keeps_its_order()
    {
        var orders = Enumerable.Range(0, 3000).Select(i => GatewayRing.Order($"node-{i}", Three)).ToArray();

        Assert.All(Three, gateway => Assert.InRange(orders.Count(o => o[0] == gateway), 800, 1200));
        Assert.All(orders, order => Assert.Equal(Three, order.Order(Comparer<HostPort>.Create((x, y) => x.Port - y.Port))));
        Assert.Equal(orders[7].AsEnumerable(), GatewayRing.Order("node-7", [.. Three.Reverse()]));
    }

    [Fact]
    public void The_sidecars_of_a_lost_gateway_spread_over_the_others()
    {
        var orders = Enumerable.Range(0, 3000).Select(i => GatewayRing.Order($"node-{i}", Three));

        var next = orders.Where(o => o[0].Host == "a").CountBy(o => o[1].Host).ToDictionary();

        Assert.InRange((double)next["b"] / next["c"], 0.75, 1.33);
    }

    [Fact]
    public void A_gateway_that_fails_is_followed_by_the_next_at_once_and_only_a_whole_round_by_a_wait()
    {
        var ring = Ring(chance: 1);
        var tried = new List<(HostPort Gateway, TimeSpan Wait)>();

        for (var i = 0; i < 9; i++) tried.Add((ring.Current.Gateway, ring.Failed()));

        double[] waits = [0.3, 0.3, 2, 0.3, 0.3, 4, 0.3, 0.3, 8];
        Assert.Equal(waits, tried.Select(t => t.Wait.TotalSeconds));
        Assert.Equal(Enumerable.Repeat(GatewayRing.Order("node", Three), 3).SelectMany(o => o), tried.Select(t => t.Gateway));
    }

    [Fact]
    public void The_loss_of_one_that_served_well_starts_a_new_round()
    {
        var ring = Ring(chance: 1);
        for (var i = 0; i < 5; i++) ring.Failed();

        ring.Worked();

        Assert.Equal([0.3, 0.3, 2], Enumerable.Range(0, 3).Select(_ => ring.Failed().TotalSeconds));
    }

    [Fact]
    public void Gateways_that_all_are_slow_get_more_time_each_round_up_to_a_bound()
    {
        var ring = Ring(chance: 0);

        var rounds = Enumerable.Range(0, 5).Select(_ =>
        {
            var patience = ring.Current.Patience.TotalSeconds;
            for (var i = 0; i < 3; i++) ring.Failed();
            return patience;
        });

        Assert.Equal([3, 6, 12, 24, 24], rounds);
        Assert.Equal(TimeSpan.FromSeconds(2), new GatewayAttempt(Three[0], TimeSpan.FromSeconds(3)).ConnectTimeout);
    }

    [Fact]
    public void Waits_never_exceed_half_a_minute()
    {
        var ring = Ring(chance: 1);

        Assert.Equal(30, Enumerable.Range(0, 60).Max(_ => ring.Failed().TotalSeconds));
    }

    [Fact]
    public void One_that_says_when_to_come_back_is_passed_over_until_then()
    {
        var order = GatewayRing.Order("node", Three);
        var ring = Ring(chance: 1);

        Assert.Equal(0.3, ring.Failed(TimeSpan.FromSeconds(10)).TotalSeconds); // the next is tried at once
        Assert.Equal(order[1], ring.Current.Gateway);
        Assert.Equal(0.3, ring.Failed().TotalSeconds);
        Assert.Equal(order[2], ring.Current.Gateway);
        Assert.Equal(2, ring.Failed().TotalSeconds); // the end of a round
        Assert.Equal(order[1], ring.Current.Gateway); // the first is not due in 2 s
        ring.Failed();
        _clock.Advance(TimeSpan.FromSeconds(10));
        ring.Failed();

        Assert.Equal(order[0], ring.Current.Gateway);
    }

    [Fact]
    public void Who_is_passed_over_leaves_the_others_in_peace_as_if_it_had_failed()
    {
        var ring = Ring(chance: 1);
        ring.Failed(TimeSpan.FromMinutes(5));
        ring.Failed(TimeSpan.FromMinutes(5));

        double[] waits = [.. Enumerable.Range(0, 4).Select(_ => ring.Failed().TotalSeconds)];

        Assert.Equal([2, 4, 8, 16], waits);
        Assert.Equal(GatewayRing.Order("node", Three)[2], ring.Current.Gateway);
    }

    [Fact]
    public void When_all_have_said_when_the_first_that_is_due_is_tried_then_and_none_is_for_ever()
    {
        var order = GatewayRing.Order("node", Three);
        var ring = Ring(chance: 1);
        ring.Failed(TimeSpan.FromSeconds(90));
        ring.Failed(TimeSpan.FromSeconds(60));

        Assert.Equal(60, ring.Failed(TimeSpan.FromDays(20)).TotalSeconds);
        Assert.Equal(order[1], ring.Current.Gateway);
        Assert.Equal(90, ring.Failed(TimeSpan.FromDays(20)).TotalSeconds);
        Assert.Equal(600, ring.Failed(TimeSpan.FromDays(20)).TotalSeconds);
    }

    private GatewayRing Ring(double chance) => new(
        new SidecarSettings
        {
            Xds = Three, Namespace = "shop", WorkloadName = "cart-1", StateDirectory = "none", NodeId = "node",
        },
        new Surroundings(_clock, new Chance(chance)));

    private sealed class Chance(double value) : IRandomSource
    {
        public double NextDouble() => value;
    }
}
