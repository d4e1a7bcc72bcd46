using System.Collections.Immutable;
using MeshOrleans.Grains.Subscriptions;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class ProxySubscriptionMachineTests
{
    private const string Gateway = "a/1";
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void A_stream_that_is_not_known_must_say_who_it_is()
    {
        Assert.Equal((null, StreamStanding.Unknown), Apply(null, News(_now, Report("cds")) with { Connection = null }));

        var (proxy, standing) = Apply(null, News(_now, Report("cds")));

        Assert.Equal(StreamStanding.Newest, standing);
        Assert.Equal((true, _now), (proxy!.Connected, proxy.Since));
        Assert.Equal("cds", Assert.Single(proxy.Types).Key);
    }

    [Fact]
    public void A_type_that_is_no_longer_subscribed_is_forgotten()
    {
        var proxy = Connect(_now, Report("cds"), Report("rds"));

        var next = Apply(proxy, More(_now) with { Gone = ["rds", "never"], Revision = 9 }).Next!;

        Assert.Equal(("cds", 9), (Assert.Single(next.Standing).TypeUrl, Assert.Single(next.Standing).Revision));
    }

    [Fact]
    public void A_stream_that_is_told_as_a_whole_has_nothing_but_what_is_told()
    {
        var proxy = Connect(_now, Report("cds"), Report("rds"));

        Assert.Equal("cds", Assert.Single(Apply(proxy, News(_now, Report("cds"))).Next!.Types).Key);
    }

    [Fact]
    public void The_end_of_a_stream_that_was_never_told_of_ends_an_earlier_one_unless_that_is_still_open()
    {
        var proxy = Connect(_now, Report("cds"));
        var end = News(_now.AddSeconds(1)) with { IsClosed = true };

        Assert.False(Apply(proxy, end).Next!.Connected);
        Assert.True(Apply(proxy, end with { StillOpen = _now }).Next!.Connected);
    }

    [Fact]
    public void A_later_stream_takes_over_and_starts_with_nothing_reported()
    {
        var first = Connect(_now, Report("cds"), Report("eds"));

        var (second, standing) = Apply(first, News(_now.AddSeconds(1), Report("cds")));

        Assert.Equal(StreamStanding.Newest, standing);
        Assert.Equal("cds", Assert.Single(second!.Types).Key);
    }

    [Fact]
    public void Of_two_streams_that_opened_in_the_same_instant_one_wins_in_whichever_order_they_come()
    {
        var a = Connect(_now);
        var (b, standing) = Apply(a, News(_now), "b/1");
        var (still, back) = Apply(b, News(_now), Gateway);

        Assert.Equal(StreamStanding.Newest, standing);
        Assert.Equal((b, StreamStanding.Superseded), (still, back));
    }

    [Fact]
    public void An_earlier_stream_is_passed_over_while_a_later_one_is_open_and_counts_when_that_ends()
    {
        var later = Connect(_now.AddSeconds(1), Report("cds"));
        var earlier = News(_now, Report("cds", "v2"));

        Assert.Equal((later, StreamStanding.Superseded), Apply(later, earlier));
        Assert.Equal((later, StreamStanding.Superseded), Apply(later, earlier with { IsClosed = true }));

        var ended = Apply(later, News(_now.AddSeconds(1)) with { IsClosed = true }).Next;
        var (proxy, standing) = Apply(ended, earlier);
        Assert.Equal((StreamStanding.Newest, true), (standing, proxy!.Connected));
        Assert.Equal("v2", proxy.Types["cds"].AckedVersion);
    }

    [Fact]
    public void A_disconnected_proxy_keeps_what_it_held_and_nothing_more_is_taken_over()
    {
        var news = More(_now);
        var proxy = Connect(_now, Report("rds"), Report("cds"));

        var ended = ProxySubscriptionMachine.Apply(proxy, Gateway, news with { IsClosed = true }, _now.AddHours(1)).Next!;

        var view = ProxySubscriptionMachine.View("node", ended);
        Assert.Equal((false, _now.AddHours(1)), (view.Connected, view.Since));
        Assert.Equal(["cds", "rds"], view.Types.Select(t => t.TypeUrl));
        Assert.All(view.Types, t => Assert.Equal(
            (SubscriptionState.Disconnected, "v1", _now.AddHours(1)), (t.State, t.AckedVersion, t.Since)));
        Assert.Equal((ended, StreamStanding.Superseded), Apply(ended, news));
    }

    [Fact]
    public void A_revision_is_that_of_every_type_in_step()
    {
        var proxy = Connect(_now, Report("cds"), Report("rds") with { State = SubscriptionState.Nacked });

        var next = Apply(proxy, More(_now) with { Revision = 7 }).Next!;

        var shown = ProxySubscriptionMachine.View("node", next).Types.ToDictionary(t => t.TypeUrl, t => t.Revision);
        Assert.Equal((7, 1), (shown["cds"], shown["rds"]));
        Assert.Same(proxy, Apply(proxy, More(_now)).Next);
    }

    [Fact]
    public void What_the_newest_stream_is_told_of_is_shown_and_ends_with_it()
    {
        var scope = new AutomaticScope(["a"]);
        var proxy = Apply(Connect(_now), More(_now) with { HasScope = true, Scope = scope }).Next;

        var still = Apply(proxy, More(_now, Report("cds", "v2"))).Next!;
        Assert.Equal(scope, ProxySubscriptionMachine.View("node", still).Scope);
        var later = Apply(still, News(_now.AddSeconds(1))).Next!;
        Assert.Null(ProxySubscriptionMachine.View("node", later).Scope);
    }

    [Fact]
    public void Who_is_connected_and_what_is_refused_must_be_saved()
    {
        var proxy = Connect(_now, Report("cds"));
        var acked = Apply(proxy, More(_now, Report("cds", "v2"))).Next;
        var refused = Apply(acked, More(_now, Report("cds", "v3") with { State = SubscriptionState.Nacked })).Next;
        var ended = Apply(refused, More(_now) with { IsClosed = true }).Next;

        Assert.True(ProxySubscriptionMachine.MustBeSaved(null, proxy));
        Assert.False(ProxySubscriptionMachine.MustBeSaved(proxy, acked));
        Assert.True(ProxySubscriptionMachine.MustBeSaved(acked, refused));
        Assert.True(ProxySubscriptionMachine.MustBeSaved(refused, acked));
        Assert.True(ProxySubscriptionMachine.MustBeSaved(refused, ended));
    }

    [Fact]
    public void Who_has_been_gone_for_a_day_is_forgotten_as_is_who_was_at_a_gateway_that_is()
    {
        var ended = Apply(Connect(_now), News(_now) with { IsClosed = true }).Next!;
        var state = new ProxySubscriptionState
        {
            Proxies = ImmutableDictionary<string, ProxySubscription>.Empty
                .Add("open", Connect(_now)).Add("ended", ended).Add("lost", Apply(null, News(_now), "lost/1").Next!),
        };

        var heard = new Dictionary<string, DateTimeOffset> { [Gateway] = _now.AddHours(24) };
        Assert.Same(state, ProxySubscriptionMachine.Forget(state, heard, _now, _now.AddHours(24)));
        var left = ProxySubscriptionMachine.Forget(state, heard, _now, _now.AddHours(25));
        Assert.Equal(["open"], left.Proxies.Keys);
    }

    [Fact]
    public void What_a_proxy_says_is_bounded()
    {
        var proxy = Connect(
            _now,
            [.. Enumerable.Range(0, 100).Select(i => Report($"t{i}") with { NackMessage = new string('x', 10_000) })]);

        Assert.Equal(64, proxy.Types.Count);
        Assert.All(proxy.Types.Values, t => Assert.Equal(2048, t.NackMessage.Length));
    }

    [Fact]
    public void Nodes_are_shared_out_evenly_and_always_alike()
    {
        var shares = Enumerable.Range(0, 16_000).CountBy(i => ProxyShares.KeyOf($"sidecar~10.0.0.1~a-{i}.ns~ns")).ToList();

        Assert.Equal(ProxyShares.Keys.Order(), shares.Select(s => s.Key).Order());
        Assert.All(shares, s => Assert.InRange(s.Value, 700, 1_300));
        Assert.Equal("12", ProxyShares.KeyOf("sidecar~10.0.0.1~a-1.shop~shop.svc.cluster.local"));
    }

    private static ProxySubscription Connect(DateTimeOffset openedAt, params SubscriptionReport[] types) =>
        Apply(null, News(openedAt, types)).Next!;

    private static (ProxySubscription? Next, StreamStanding Standing) Apply(
        ProxySubscription? before, StreamNews news, string gateway = Gateway) =>
        ProxySubscriptionMachine.Apply(
            before,
            gateway,
            news.Connection is { } connection ? news with { Connection = connection with { Gateway = gateway } } : news,
            _now);

    /// <summary>What is told of a stream that the grain knows.</summary>
    private static StreamNews More(DateTimeOffset openedAt, params SubscriptionReport[] types) =>
        News(openedAt, types) with { Connection = null };

    private static StreamNews News(DateTimeOffset openedAt, params SubscriptionReport[] types) => new(
        "node",
        openedAt,
        new ProxyConnection(
            "", "spiffe://cluster.local/ns/a/sa/b", "a", "10.0.0.1", ImmutableDictionary<string, string>.Empty, "test/1"),
        [.. types],
        Revision: 0,
        IsClosed: false);

    private static SubscriptionReport Report(string type, string version = "v1") =>
        new(type, SubscriptionState.Synced, version, version, 1, "", _now);
}
