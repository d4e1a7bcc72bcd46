using System.Collections.Immutable;
using MeshOrleans.Grains.Callers;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class PlaintextCallersMachineTests
{
    private const string Node = "cart-1";
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly PlaintextCallersState _nothing = new();

    [Fact]
    public void What_is_told_twice_is_remembered_once()
    {
        var once = Tell(_nothing, 0, "r1", Caller("10.0.0.1", 3));
        var twice = Tell(once, 0, "r1", Caller("10.0.0.1", 3));

        Assert.Equal(3, Only(twice, 0).Connections);
        Assert.False(PlaintextCallersMachine.MustBeSaved(once, twice));
    }

    [Fact]
    public void The_newest_report_of_one_start_replaces_the_counts_and_keeps_the_ends()
    {
        var state = Tell(_nothing, 0, "r1", Caller("10.0.0.1", 3, open: 2));
        state = Tell(state, 60, "r1", Caller("10.0.0.1", 5, at: 50));

        var caller = Only(state, 60);
        Assert.Equal((5L, 0), (caller.Connections, caller.Open));
        Assert.Equal((_now, _now.AddSeconds(50)), (caller.FirstSeen, caller.LastSeen));
    }

    [Fact]
    public void Another_start_of_the_sidecar_counts_on_and_has_no_connection_of_the_former_one()
    {
        var state = Tell(_nothing, 0, "r1", Caller("10.0.0.1", 3, open: 2), Caller("10.0.0.2", 1));
        state = Tell(state, 10, "r2", Caller("10.0.0.1", 1, at: 10));

        Assert.Equal([("10.0.0.1", 4L, 0), ("10.0.0.2", 1L, 0)], Of(state, 10).Select(c => (c.Address, c.Connections, c.Open)));
        Assert.Equal(_now.AddSeconds(10), Assert.Single(PlaintextCallersMachine.List(state, _now)).WatchesSince);
    }

    [Fact]
    public void A_report_that_another_gateway_overtook_adds_what_it_knows_and_replaces_nothing()
    {
        var state = Tell(_nothing, 60, "r2", Caller("10.0.0.1", 1, at: 60));
        state = Tell(state, 10, "r1", Caller("10.0.0.1", 7, at: 5, open: 3), Caller("10.0.0.2", 2, at: 9, open: 1));

        Assert.Equal([("10.0.0.1", 1L, 0), ("10.0.0.2", 2L, 0)], Of(state, 60).Select(c => (c.Address, c.Connections, c.Open)));
        Assert.Equal((_now.AddSeconds(5), _now.AddSeconds(60)), (Of(state, 60)[0].FirstSeen, Of(state, 60)[0].LastSeen));
        Assert.Equal("r2", Assert.Single(PlaintextCallersMachine.List(state, _now)).Run);
    }

    [Fact]
    public void A_weekly_caller_is_remembered_and_one_that_is_gone_for_longer_is_not()
    {
        var state = Tell(_nothing, 0, "r1", Caller("10.0.0.1", 1));
        var week = (int)TimeSpan.FromDays(7).TotalSeconds;

        Assert.Single(Of(state, week + 3600));
        Assert.Empty(Of(state, week + (24 * 3600)));
        Assert.Empty(Of(Tell(state, week + (24 * 3600), "r1"), 0)); // written down no longer
        Assert.Single(Tell(state, week + (24 * 3600), "r1").Proxies);
    }

    [Fact]
    public void A_sidecar_that_is_gone_is_forgotten_with_its_last_caller()
    {
        var state = Tell(_nothing, 0, "r1");
        var later = _now + SeenCaller.Memory;

        Assert.Equal(["other"], PlaintextCallersMachine.Tell(state, [Report("other", later, "r9")], later).Proxies.Keys);
    }

    [Fact]
    public void What_is_forgotten_comes_back_only_when_it_is_seen_again()
    {
        var state = Tell(_nothing, 0, "r1", Caller("10.0.0.1", 1), Caller("10.0.0.2", 1));

        var (one, count) = PlaintextCallersMachine.Forget(state, "10.0.0.1", _now.AddSeconds(5));
        Assert.Equal((1, "10.0.0.2"), (count, Only(one, 5).Address));
        Assert.Single(Of(Tell(one, 9, "r1", Caller("10.0.0.1", 1, at: 5)), 9)); // told again, not seen again
        Assert.Equal(2, Of(Tell(one, 9, "r1", Caller("10.0.0.1", 2, at: 6)), 9).Length);

        var (none, all) = PlaintextCallersMachine.Forget(state, "", _now.AddSeconds(5));
        Assert.Equal((2, 0), (all, Of(none, 5).Length));
        Assert.Empty(Of(Tell(none, 9, "r1", Caller("10.0.0.2", 1, at: 4)), 9));
        Assert.Equal((1, 0), (none.Proxies.Count, PlaintextCallersMachine.Forget(none, "", _now).Count));
    }

    [Fact]
    public void A_clock_that_is_ahead_makes_nobody_seen_in_the_future()
    {
        var state = PlaintextCallersMachine.Tell(
            _nothing, [Report(Node, _now.AddHours(1), "r1", Caller("10.0.0.1", 1, at: 3600))], _now);

        Assert.Equal(_now, Only(state, 0).LastSeen);
        Assert.Equal(_now, Assert.Single(PlaintextCallersMachine.List(state, _now)).HeardAt);
    }

    [Fact]
    public void Of_too_many_callers_of_a_sidecar_the_oldest_go()
    {
        var many = Enumerable.Range(0, 300).Select(i => Caller($"10.0.{i / 200}.{i % 200}", 1, at: i)).ToArray();

        var state = Tell(_nothing, 400, "r1", many);

        var kept = Of(state, 400);
        Assert.Equal(SeenCaller.MaxOfSidecar, kept.Length);
        Assert.Equal(_now.AddSeconds(300 - SeenCaller.MaxOfSidecar), kept.Min(c => c.LastSeen));
    }

    [Fact]
    public void Of_too_many_callers_of_all_sidecars_the_oldest_go()
    {
        var state = _nothing;
        for (var node = 0; node < 50; node++)
        {
            var callers = Enumerable.Range(0, SeenCaller.MaxOfSidecar)
                .Select(i => Caller($"10.0.0.{i}", 1, at: (node * 1000) + i)).ToArray();
            var at = _now.AddSeconds(60_000);
            state = PlaintextCallersMachine.Tell(state, [Report($"n{node:d2}", at, "r1", callers)], at);
        }

        Assert.Equal(PlaintextCallersMachine.MaxCallersInAll, state.Proxies.Values.Sum(p => p.Callers.Count));
        Assert.Empty(state.Proxies["n00"].Callers);
        Assert.Equal(SeenCaller.MaxOfSidecar, state.Proxies["n49"].Callers.Count);
    }

    [Fact]
    public void Only_what_matters_is_written_down()
    {
        var state = Tell(_nothing, 0, "r1", Caller("10.0.0.1", 1));

        Assert.True(PlaintextCallersMachine.MustBeSaved(_nothing, state));
        Assert.False(Saves(Tell(state, 299, "r1", Caller("10.0.0.1", 9, at: 299))));
        Assert.True(Saves(Tell(state, 300, "r1", Caller("10.0.0.1", 9, at: 300))));
        Assert.True(Saves(Tell(state, 1, "r1", Caller("10.0.0.2", 1, at: 1))));
        Assert.True(Saves(Tell(state, 1, "r2")));
        Assert.True(Saves(PlaintextCallersMachine.Tell(state, [Report(Node, _now, "r1") with { OpenedAt = _now }], _now)));
        Assert.True(Saves(Tell(state, 1, "r1", Caller("10.0.0.1", 1) with { Demand = CallerDemand.Disable })));
        Assert.True(Saves(PlaintextCallersMachine.Forget(state, "10.9.9.9", _now).Next));

        bool Saves(PlaintextCallersState next) => PlaintextCallersMachine.MustBeSaved(state, next);
    }

    [Fact]
    public void A_state_is_of_no_use_once_all_of_it_has_been_forgotten()
    {
        IExpiringState state = Tell(_nothing, 0, "r1", Caller("10.0.0.1", 1));

        Assert.True(state.RemovableFrom >= _now + SeenCaller.Memory);
        Assert.Null(((IExpiringState)_nothing).RemovableFrom);
    }

    private static PlaintextCallersState Tell(
        PlaintextCallersState state, int second, string run, params SeenCaller[] callers)
    {
        var later = state.Proxies.Values.Select(p => p.HeardAt).Append(_now.AddSeconds(second)).Max();
        return PlaintextCallersMachine.Tell(state, [Report(Node, _now.AddSeconds(second), run, callers)], later);
    }

    private static CallerReport Report(string node, DateTimeOffset at, string run, params SeenCaller[] callers) => new(
        node, node, "", ImmutableDictionary<string, string>.Empty, run, at, at, [.. callers]);

    private static SeenCaller Caller(string address, long connections, int at = 0, int open = 0) => new(
        8080, address, CallerDemand.Permissive, false, connections, open, _now.AddSeconds(at), _now.AddSeconds(at));

    private static ImmutableArray<SeenCaller> Of(PlaintextCallersState state, int second) =>
        PlaintextCallersMachine.List(state, _now.AddSeconds(second)).Single(r => r.NodeId == Node).Callers;

    private static SeenCaller Only(PlaintextCallersState state, int second) => Assert.Single(Of(state, second));
}
