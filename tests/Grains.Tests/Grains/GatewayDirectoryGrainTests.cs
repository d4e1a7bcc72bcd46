using MeshOrleans.Grains.Subscriptions;

namespace MeshOrleans.Grains.Tests.Grains;

public sealed class GatewayDirectoryGrainTests
{
    [Fact]
    public async Task A_gateway_that_falls_silent_is_gone_after_fifteen_seconds_and_back_with_its_next_beat()
    {
        await using var silo = await TestSilo.StartAsync();
        await Directory(silo).BeatAsync(Beat("gateway/1"), default);

        silo.Clock.Advance(TimeSpan.FromSeconds(14));
        Assert.NotNull((await Directory(silo).ListAsync(default)).Find("gateway/1"));
        silo.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await Directory(silo).ListAsync(default)).IsGone("gateway/1"));

        await Directory(silo).BeatAsync(Beat("gateway/1"), default);
        Assert.False((await Directory(silo).ListAsync(default)).IsGone("gateway/1"));
    }

    [Fact]
    public async Task After_the_loss_of_a_silo_every_gateway_has_the_time_to_be_heard_of()
    {
        await using var silo = await TestSilo.StartAsync();
        await Directory(silo).BeatAsync(Beat("gateway/1"), default);
        silo.Clock.Advance(TimeSpan.FromMinutes(1));

        await using var next = await TestSilo.StartAsync(silo.Stores, silo.Clock);

        Assert.False((await Directory(next).ListAsync(default)).IsGone("gateway/1"));
        next.Clock.Advance(TimeSpan.FromSeconds(15));
        Assert.True((await Directory(next).ListAsync(default)).IsGone("gateway/1"));
        Assert.Equal(0, silo.Stores.State.Writes);
    }

    [Fact]
    public async Task A_gateway_that_leaves_is_gone()
    {
        await using var silo = await TestSilo.StartAsync();
        await Directory(silo).BeatAsync(Beat("gateway/1"), default);

        await Directory(silo).LeaveAsync("gateway/1", default);

        Assert.Empty((await Directory(silo).ListAsync(default)).Gateways);
    }

    private static IGatewayDirectoryGrain Directory(TestSilo silo) =>
        silo.Grain<IGatewayDirectoryGrain>(MeshKeys.Default);

    private static GatewayBeat Beat(string name) => new(name, "h:15012", "http://h:15080", 3);
}
