using MeshOrleans.Grains.Scopes;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class WorkloadScopeMachineTests
{
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void What_was_asked_for_is_recalled_in_order()
    {
        var state = Remember(new WorkloadScopeState(), 0, "b", "a", "b");

        Assert.Equal(["a", "b"], WorkloadScopeMachine.Recall(state, _now).AsEnumerable());
    }

    [Fact]
    public void Nothing_is_written_down_twice_within_a_day()
    {
        var state = Remember(new WorkloadScopeState(), 0, "a");

        Assert.Same(state, WorkloadScopeMachine.Remember(state, ["a"], _now.AddHours(23)));
        Assert.NotSame(state, WorkloadScopeMachine.Remember(state, ["a"], _now.AddHours(24)));
        Assert.NotSame(state, WorkloadScopeMachine.Remember(state, ["a", "b"], _now));
    }

    [Fact]
    public void A_host_for_which_nobody_asks_is_forgotten()
    {
        var state = Remember(Remember(new WorkloadScopeState(), 0, "old", "kept"), 20, "kept");

        Assert.Equal(["kept", "old"], WorkloadScopeMachine.Recall(state, _now.AddDays(29)).AsEnumerable());
        Assert.Equal(["kept"], WorkloadScopeMachine.Recall(state, _now.AddDays(30)).AsEnumerable());
        Assert.Equal(["kept", "new"], Remember(state, 31, "new").Hosts.Keys.Order());
    }

    [Fact]
    public void Of_too_many_hosts_the_oldest_go()
    {
        var many = Enumerable.Range(0, WorkloadScopeMachine.MaxHosts).Select(i => $"h{i}").ToArray();
        var state = Remember(Remember(new WorkloadScopeState(), 0, "first"), 1, many);

        Assert.Equal(WorkloadScopeMachine.MaxHosts, state.Hosts.Count);
        Assert.DoesNotContain("first", state.Hosts.Keys);
    }

    [Fact]
    public void What_no_host_can_be_is_not_remembered()
    {
        var state = new WorkloadScopeState();

        Assert.Same(state, Remember(state, 0, "", new string('x', 257)));
    }

    private static WorkloadScopeState Remember(WorkloadScopeState state, int day, params string[] hosts) =>
        WorkloadScopeMachine.Remember(state, [.. hosts], _now.AddDays(day));
}
