using System.Collections.Immutable;
using MeshOrleans.Grains.Subscriptions;

namespace MeshOrleans.Grains.Tests.Grains;

public sealed class ProxySubscriptionGrainTests
{
    private const string Gateway = "a/1";

    [Fact]
    public async Task A_storm_is_one_write_some_seconds_later_and_acknowledgements_are_none()
    {
        await using var silo = await TestSilo.StartAsync();
        var news = Enumerable.Range(0, 100).Select(i => News(silo, $"node-{i}")).ToArray();
        foreach (var one in news) await TellAsync(silo, one);
        Assert.Equal(0, silo.Stores.State.Writes);

        silo.Clock.Advance(TimeSpan.FromSeconds(2));
        await TellAsync(silo); // comes after the tick
        Assert.Equal(1, silo.Stores.State.Writes);
        await TellAsync(silo, news[1] with { Types = [Report("cds", "v2")] });
        silo.Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(100, (await Share(silo).ListAsync(default)).Length);
        Assert.Equal(1, silo.Stores.State.Writes);
    }

    [Fact]
    public async Task A_refusal_is_saved_soon()
    {
        await using var silo = await TestSilo.StartAsync();
        await TellAsync(silo, News(
            silo, "node", Report("rds", "v1") with { State = SubscriptionState.Nacked, NackMessage = "no such cluster" }));
        silo.Clock.Advance(TimeSpan.FromSeconds(2));
        await TellAsync(silo); // comes after the tick

        await using var next = await TestSilo.StartAsync(silo.Stores);

        Assert.Equal("no such cluster", Assert.Single((await FindAsync(next, "node")).Types).NackMessage);
    }

    [Fact]
    public async Task An_activation_says_when_it_hears_a_gateway_for_the_first_time()
    {
        await using var silo = await TestSilo.StartAsync();
        Assert.True((await TellAsync(silo)).IsFirst);
        Assert.False((await TellAsync(silo)).IsFirst);
        Assert.True((await Share(silo).TellAsync("b/1", [], default)).IsFirst);

        await using var next = await TestSilo.StartAsync(silo.Stores); // the former was lost with what it knew
        var answer = await TellAsync(next, News(silo, "node", Report("cds", "v1")) with { Connection = null });

        Assert.Equal((true, StreamStanding.Unknown), (answer.IsFirst, Assert.Single(answer.Standings)));
    }

    [Fact]
    public async Task A_stream_that_moved_to_another_gateway_is_not_ended_by_the_former_ones_late_word()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = News(silo, "node");
        await TellAsync(silo, first);
        silo.Clock.Advance(TimeSpan.FromMilliseconds(1));
        var second = News(silo, "node", Report("cds", "v2"));
        second = second with { Connection = second.Connection! with { Gateway = "b/1" } };
        await Share(silo).TellAsync("b/1", [second], default);

        await TellAsync(silo, first with { IsClosed = true });

        var view = (await FindAsync(silo, "node"));
        Assert.Equal((true, "b/1"), (view.Connected, view.Connection.Gateway));
        Assert.Equal(SubscriptionState.Synced, Assert.Single(view.Types).State);
    }

    [Fact]
    public async Task What_is_not_saved_yet_is_saved_on_an_orderly_end()
    {
        var stores = new TestStores();
        await using (var silo = await TestSilo.StartAsync(stores)) await TellAsync(silo, News(silo, "node", Report("cds", "v7")));

        await using var next = await TestSilo.StartAsync(stores);
        var view = Assert.Single(await Share(next).ListAsync(default));
        Assert.Equal(("node", "v7"), (view.NodeId, Assert.Single(view.Types).AckedVersion));
    }

    [Fact]
    public async Task Who_has_been_gone_for_a_day_is_forgotten()
    {
        await using var silo = await TestSilo.StartAsync();
        await TellAsync(silo, News(silo, "open"), News(silo, "closed"));
        await TellAsync(silo, News(silo, "closed") with { IsClosed = true });
        for (var hour = 0; hour < 26; hour++)
        {
            await TellAsync(silo);
            silo.Clock.Advance(TimeSpan.FromHours(1));
            await TellAsync(silo);
        }

        Assert.Equal("open", Assert.Single(await Share(silo).ListAsync(default)).NodeId);
    }

    [Fact]
    public async Task One_word_raises_the_streams_of_a_gateway_that_stand_in_step()
    {
        await using var silo = await TestSilo.StartAsync();
        var pending = Report("eds", "v1") with { State = SubscriptionState.Pending };
        var refused = Report("rds", "v1") with { State = SubscriptionState.Nacked, Revision = 0 };
        await TellAsync(
            silo,
            News(silo, "in-step", Report("cds", "v1"), refused),
            News(silo, "behind", Report("cds", "v1")),
            News(silo, "waits", Report("cds", "v1"), pending),
            News(silo, "elsewhere", Report("cds", "v1") with { Revision = 3 }));
        var other = News(silo, "other", Report("cds", "v1"));
        await Share(silo).TellAsync("b/1", [other with { Connection = other.Connection! with { Gateway = "b/1" } }], default);

        Assert.Equal(new RaiseAnswer(IsFirst: false, Raised: 1), await Share(silo).RaiseAsync(Gateway, from: 1, to: 5, ["behind"], default));

        var revisions = (await Share(silo).ListAsync(default)).ToDictionary(
            p => p.NodeId, p => string.Join(' ', p.Types.Select(t => $"{t.TypeUrl}={t.Revision}")));
        Assert.Equal("cds=5 rds=0", revisions["in-step"]);
        Assert.Equal("cds=1", revisions["behind"]);
        Assert.Equal("cds=1 eds=1", revisions["waits"]);
        Assert.Equal("cds=3", revisions["elsewhere"]);
        Assert.Equal("cds=1", revisions["other"]);
    }

    [Fact]
    public async Task What_is_told_of_one_type_after_a_raise_leaves_the_others_where_that_brought_them()
    {
        await using var silo = await TestSilo.StartAsync();
        await TellAsync(silo, News(silo, "node", Report("cds", "v1"), Report("rds", "v1")));
        await Share(silo).RaiseAsync(Gateway, from: 1, to: 5, [], default);

        await TellAsync(silo, News(
            silo, "node", Report("rds", "v2") with { State = SubscriptionState.Pending, Revision = 5 }) with { Connection = null });
        await TellAsync(silo, News(silo, "node", Report("rds", "v2") with { Revision = 6 }) with { Connection = null });

        var view = (await FindAsync(silo, "node"));
        Assert.Equal([("cds", 5L), ("rds", 6L)], view.Types.Select(t => (t.TypeUrl, t.Revision)));
    }

    [Fact]
    public async Task A_stream_that_came_and_went_untold_ends_the_one_before_it_at_its_gateway()
    {
        await using var silo = await TestSilo.StartAsync();
        await TellAsync(silo, News(silo, "node", Report("cds", "v1")), News(silo, "elsewhere", Report("cds", "v1")));
        silo.Clock.Advance(TimeSpan.FromMilliseconds(1));

        await TellAsync(silo, News(silo, "node") with { IsClosed = true });
        await Share(silo).TellAsync("b/1", [News(silo, "elsewhere") with { IsClosed = true }], default);

        Assert.False((await FindAsync(silo, "node")).Connected);
        Assert.True((await FindAsync(silo, "elsewhere")).Connected);
    }

    [Fact]
    public async Task A_raise_says_too_when_a_gateway_is_heard_for_the_first_time()
    {
        await using var silo = await TestSilo.StartAsync();
        Assert.True((await Share(silo).RaiseAsync(Gateway, 1, 2, [], default)).IsFirst);
        Assert.False((await Share(silo).RaiseAsync(Gateway, 2, 3, [], default)).IsFirst);
    }

    [Fact]
    public async Task Who_takes_the_name_of_another_identitys_node_is_another_proxy()
    {
        await using var silo = await TestSilo.StartAsync();
        var own = Of(News(silo, "node", Report("cds", "v1")), "spiffe://cluster.local/ns/a/sa/b");
        await TellAsync(silo, own);
        silo.Clock.Advance(TimeSpan.FromSeconds(1));
        var refusal = Report("cds", "v1") with { State = SubscriptionState.Nacked, NackMessage = "no" };
        var others = new[] { "spiffe://cluster.local/ns/a/sa/c", "" }.Select(id => Of(News(silo, "node", refusal), id)).ToArray();

        await TellAsync(silo, others);
        await TellAsync(silo, [.. others.Select(news => news with { IsClosed = true })]);

        var views = await Share(silo).ListAsync(default);
        Assert.Equal(
            [("", false), ("spiffe://cluster.local/ns/a/sa/b", true), ("spiffe://cluster.local/ns/a/sa/c", false)],
            views.Select(v => (v.Connection.SpiffeId, v.Connected)));
        Assert.All(views, view => Assert.Equal("node", view.NodeId));
        Assert.Equal(SubscriptionState.Synced, Assert.Single(views[1].Types).State);
        Assert.Equal(1, (await TellAsync(silo)).Held);
    }

    [Fact]
    public async Task An_earlier_versions_gateway_that_does_not_say_whose_a_stream_is_means_the_one_it_has_told_of()
    {
        await using var silo = await TestSilo.StartAsync();
        var own = News(silo, "node", Report("cds", "v1")); // its connection says whose
        await TellAsync(silo, own);
        await TellAsync(silo, Of(own with { OpenedAt = own.OpenedAt.AddSeconds(1) }, "spiffe://cluster.local/ns/a/sa/c"));

        var answer = await TellAsync(silo, own with { Connection = null, Types = [Report("cds", "v2")] });
        var raised = await Share(silo).RaiseAsync(Gateway, from: 1, to: 5, ["node"], default);

        Assert.Equal((StreamStanding.Newest, 0), (Assert.Single(answer.Standings), raised.Raised));
        Assert.Equal(["v2", "v1"], (await Share(silo).ListAsync(default)).Select(view => Assert.Single(view.Types).AckedVersion));
    }

    [Fact]
    public void What_an_earlier_version_has_saved_is_known_by_its_identity_and_once()
    {
        var report = ImmutableDictionary<string, SubscriptionReport>.Empty;
        ProxySubscription Row(int second, string id) => new(
            new ProxyConnection(Gateway, id, "a", "10.0.0.1", ImmutableDictionary<string, string>.Empty, ""),
            DateTimeOffset.UnixEpoch.AddSeconds(second), Connected: true, DateTimeOffset.UnixEpoch, report);
        var state = new ProxySubscriptionState
        {
            Proxies = ImmutableDictionary<string, ProxySubscription>.Empty
                .Add("node", Row(2, "spiffe://cluster.local/ns/a/sa/b")) // by an earlier version, after a later one had it
                .Add("spiffe://cluster.local/ns/a/sa/b|node", Row(1, "spiffe://cluster.local/ns/a/sa/b"))
                .Add("other", Row(3, "")),
        };

        var keyed = ProxySubscriptionMachine.Keyed(state);

        Assert.Equal(["spiffe://cluster.local/ns/a/sa/b|node", "|other"], keyed.Proxies.OrderBy(p => p.Value.OpenedAt).Select(p => p.Key));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(2), keyed.Proxies["spiffe://cluster.local/ns/a/sa/b|node"].OpenedAt);
        Assert.Same(keyed, ProxySubscriptionMachine.Keyed(keyed));
    }

    [Fact]
    public async Task Names_without_end_are_not_remembered_and_push_nobody_elses_out()
    {
        await using var silo = await TestSilo.StartAsync();
        await TellAsync(silo, Of(News(silo, "own"), "spiffe://cluster.local/ns/a/sa/c"));
        await TellAsync(silo, Of(News(silo, "own"), "spiffe://cluster.local/ns/a/sa/c") with { IsClosed = true });
        silo.Clock.Advance(TimeSpan.FromSeconds(1));
        await TellAsync(silo, News(silo, "open"));
        for (var batch = 0; batch < 5; batch++)
        {
            silo.Clock.Advance(TimeSpan.FromSeconds(1));
            var made = Enumerable.Range(0, 500).Select(i => News(silo, $"made-up-{batch}-{i:d3}")).ToArray();
            await TellAsync(silo, made);
            await TellAsync(silo, [.. made.Select(news => news with { IsClosed = true })]);
        }

        var left = (await Share(silo).ListAsync(default)).Select(view => view.NodeId).ToHashSet();

        Assert.Equal(ProxySubscriptionMachine.MaxGone + 2, left.Count);
        Assert.Superset(new HashSet<string> { "own", "open", "made-up-4-000", "made-up-3-499" }, left);
        Assert.DoesNotContain("made-up-0-000", left);
    }

    private static StreamNews Of(StreamNews news, string spiffeId) => news with
    {
        SpiffeId = spiffeId,
        Connection = news.Connection! with { SpiffeId = spiffeId },
    };

    private static async Task<ProxyView> FindAsync(TestSilo silo, string node) =>
        (await Share(silo).ListAsync(default)).Single(view => view.NodeId == node);

    private static IProxySubscriptionGrain Share(TestSilo silo) => silo.Grain<IProxySubscriptionGrain>(ProxyShares.Keys[0]);

    private static Task<SubscriptionAnswer> TellAsync(TestSilo silo, params StreamNews[] news) =>
        Share(silo).TellAsync(Gateway, [.. news], default);

    private static StreamNews News(TestSilo silo, string node, params SubscriptionReport[] types) => new(
        node,
        silo.Clock.GetUtcNow(),
        new ProxyConnection(
            Gateway, "spiffe://cluster.local/ns/a/sa/b", "a", "10.0.0.1", ImmutableDictionary<string, string>.Empty, "test/1"),
        [.. types],
        Revision: 0,
        IsClosed: false);

    private static SubscriptionReport Report(string type, string version) =>
        new(type, SubscriptionState.Synced, version, version, 1, "", DateTimeOffset.UnixEpoch);
}
