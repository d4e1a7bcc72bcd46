using System.Collections.Immutable;
using MeshOrleans.Grains.Subscriptions;

namespace MeshOrleans.Grains.Tests.Grains;

public sealed class ProxySubscriptionGrainTests
{
    private static readonly ProxyConnection _connection =
        new("gw", "spiffe://cluster.local/ns/a/sa/b", "a", "10.0.0.1", ImmutableDictionary<string, string>.Empty, "test/1");

    [Fact]
    public async Task Many_acknowledgements_are_one_write_some_seconds_later()
    {
        await using var silo = await TestSilo.StartAsync();
        var epoch = await Proxy(silo).ConnectAsync(_connection, default);
        var writes = silo.Stores.State.Writes;

        for (var i = 0; i < 100; i++) Assert.True(await Proxy(silo).ReportAsync(epoch, [Report("cds", $"v{i}")], default));
        Assert.Equal(writes, silo.Stores.State.Writes);
        silo.Clock.Advance(TimeSpan.FromSeconds(10));
        await Proxy(silo).FindAsync(default); // comes after the tick

        Assert.Equal(writes + 1, silo.Stores.State.Writes);
    }

    [Fact]
    public async Task A_refusal_is_saved_at_once()
    {
        await using var silo = await TestSilo.StartAsync();
        var epoch = await Proxy(silo).ConnectAsync(_connection, default);
        await Proxy(silo).ReportAsync(
            epoch, [Report("rds", "v1") with { State = SubscriptionState.Nacked, NackMessage = "no such cluster" }], default);

        await using var next = await TestSilo.StartAsync(silo.Stores);

        Assert.Equal("no such cluster", Assert.Single((await Proxy(next).FindAsync(default))!.Types).NackMessage);
    }

    [Fact]
    public async Task The_newest_stream_wins_also_after_the_loss_of_a_silo()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = await Proxy(silo).ConnectAsync(_connection, default);

        await using var next = await TestSilo.StartAsync(silo.Stores);
        var second = await Proxy(next).ConnectAsync(_connection, default);

        Assert.True(second > first);
        Assert.False(await Proxy(next).ReportAsync(first, [Report("cds", "v1")], default));
        await Proxy(next).DisconnectAsync(first, default);
        Assert.True((await Proxy(next).FindAsync(default))!.Connected);
        await Proxy(next).DisconnectAsync(second, default);
        Assert.False((await Proxy(next).FindAsync(default))!.Connected);
    }

    [Fact]
    public async Task A_stream_that_moved_to_another_gateway_is_not_ended_by_the_former_ones_late_word()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = await Proxy(silo).ConnectAsync(_connection with { Gateway = "a/1" }, default);
        var second = await Proxy(silo).ConnectAsync(_connection with { Gateway = "b/1" }, default);
        await Proxy(silo).ReportAsync(second, [Report("cds", "v2")], default);

        await Proxy(silo).DisconnectAsync(first, default);

        var view = (await Proxy(silo).FindAsync(default))!;
        Assert.Equal((true, "b/1"), (view.Connected, view.Connection.Gateway));
        Assert.Equal(SubscriptionState.Synced, Assert.Single(view.Types).State);
    }

    [Fact]
    public async Task What_is_not_saved_yet_is_saved_on_an_orderly_end()
    {
        var stores = new TestStores();
        await using (var silo = await TestSilo.StartAsync(stores))
        {
            var epoch = await Proxy(silo).ConnectAsync(_connection, default);
            await Proxy(silo).ReportAsync(epoch, [Report("cds", "v7")], default);
            await Directory(silo).AddAsync("node-1", default);
        }

        await using var next = await TestSilo.StartAsync(stores);
        Assert.Equal("v7", Assert.Single((await Proxy(next).FindAsync(default))!.Types).AckedVersion);
        Assert.Equal(["node-1"], (await Directory(next).ListAsync(default)).AsEnumerable());
    }

    [Fact]
    public async Task The_directory_lists_every_node_once_and_saves_a_storm_as_one_write()
    {
        await using var silo = await TestSilo.StartAsync();

        foreach (var node in new[] { "b", "a", "b", "c" }) await Directory(silo).AddAsync(node, default);
        await Directory(silo).RemoveAsync("c", default);
        Assert.Equal(0, silo.Stores.State.Writes);
        silo.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(["a", "b"], (await Directory(silo).ListAsync(default)).AsEnumerable());
        Assert.Equal(1, silo.Stores.State.Writes);
    }

    private static IProxySubscriptionGrain Proxy(TestSilo silo) => silo.Grain<IProxySubscriptionGrain>("node-1");

    private static IProxyDirectoryGrain Directory(TestSilo silo) => silo.Grain<IProxyDirectoryGrain>(MeshKeys.Default);

    private static SubscriptionReport Report(string type, string version) =>
        new(type, SubscriptionState.Synced, version, version, 1, "", DateTimeOffset.UnixEpoch);
}
