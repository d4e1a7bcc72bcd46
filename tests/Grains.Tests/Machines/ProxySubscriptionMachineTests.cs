using System.Collections.Immutable;
using MeshOrleans.Grains.Subscriptions;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class ProxySubscriptionMachineTests
{
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly ProxyConnection _connection =
        new("gw", "spiffe://cluster.local/ns/a/sa/b", "a", "10.0.0.1", ImmutableDictionary<string, string>.Empty, "test/1");

    [Fact]
    public void Each_stream_has_a_newer_epoch_and_starts_with_nothing_reported()
    {
        var first = Connect(new ProxySubscriptionState());
        var second = Connect(ProxySubscriptionMachine.Report(first, 1, [Report("cds")]));

        Assert.Equal((1, 2), (first.StreamEpoch, second.StreamEpoch));
        Assert.Empty(second.Types);
    }

    [Fact]
    public void Reports_of_an_older_stream_are_passed_over()
    {
        var state = Connect(Connect(new ProxySubscriptionState()));

        Assert.Same(state, ProxySubscriptionMachine.Report(state, 1, [Report("cds")]));
        Assert.NotSame(state, ProxySubscriptionMachine.Report(state, 2, [Report("cds")]));
    }

    [Fact]
    public void What_the_newest_stream_is_told_of_is_shown_and_ends_with_it()
    {
        var scope = new AutomaticScope(["a"]);
        var state = Connect(Connect(new ProxySubscriptionState()));

        Assert.Same(state, ProxySubscriptionMachine.ReportScope(state, 1, scope));
        var told = ProxySubscriptionMachine.ReportScope(state, 2, scope);

        Assert.Equal(scope, ProxySubscriptionMachine.View(told, "node")!.Scope);
        Assert.Null(ProxySubscriptionMachine.View(Connect(told), "node")!.Scope);
    }

    [Fact]
    public void The_end_of_an_older_stream_disconnects_nobody()
    {
        var state = Connect(Connect(new ProxySubscriptionState()));

        Assert.Same(state, ProxySubscriptionMachine.Disconnect(state, 1, _now));
    }

    [Fact]
    public void A_disconnected_proxy_keeps_what_it_held()
    {
        var state = ProxySubscriptionMachine.Report(Connect(new ProxySubscriptionState()), 1, [Report("rds"), Report("cds")]);

        var view = ProxySubscriptionMachine.View(ProxySubscriptionMachine.Disconnect(state, 1, _now.AddHours(1)), "node")!;

        Assert.False(view.Connected);
        Assert.Equal(["cds", "rds"], view.Types.Select(t => t.TypeUrl));
        Assert.All(view.Types, t => Assert.Equal(
            (SubscriptionState.Disconnected, "v1", _now.AddHours(1)), (t.State, t.AckedVersion, t.Since)));
    }

    [Fact]
    public void After_the_end_of_its_stream_nothing_is_taken_over()
    {
        var ended = ProxySubscriptionMachine.Disconnect(Connect(new ProxySubscriptionState()), 1, _now);

        Assert.Same(ended, ProxySubscriptionMachine.Report(ended, 1, [Report("cds")]));
    }

    [Fact]
    public void Only_a_refusal_must_be_saved_at_once()
    {
        Assert.False(ProxySubscriptionMachine.IsUrgent([Report("cds")]));
        Assert.True(ProxySubscriptionMachine.IsUrgent([Report("cds"), Report("rds") with { State = SubscriptionState.Nacked }]));
    }

    [Fact]
    public void What_a_proxy_says_is_bounded()
    {
        var state = ProxySubscriptionMachine.Report(
            Connect(new ProxySubscriptionState()),
            1,
            [.. Enumerable.Range(0, 100).Select(i => Report($"t{i}") with { NackMessage = new string('x', 10_000) })]);

        Assert.Equal(64, state.Types.Count);
        Assert.All(state.Types.Values, t => Assert.Equal(2048, t.NackMessage.Length));
    }

    [Fact]
    public void A_proxy_that_never_connected_is_not_known() =>
        Assert.Null(ProxySubscriptionMachine.View(new ProxySubscriptionState(), "node"));

    private static ProxySubscriptionState Connect(ProxySubscriptionState state) =>
        ProxySubscriptionMachine.Connect(state, _connection, _now);

    private static SubscriptionReport Report(string type) => new(type, SubscriptionState.Synced, "v1", "v1", 1, "", _now);
}
