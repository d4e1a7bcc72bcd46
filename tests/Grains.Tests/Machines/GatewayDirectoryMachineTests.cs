using MeshOrleans.Grains.Subscriptions;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class GatewayDirectoryMachineTests
{
    private static readonly TimeSpan _old = TimeSpan.FromHours(1);

    [Fact]
    public void A_gateway_is_listed_with_what_it_said_last_and_how_long_ago()
    {
        var state = Beat(Beat(Beat(new(), "b/1", _old), "a/1", _old), "a/1", _old + TimeSpan.FromSeconds(5), streams: 7);

        var listing = GatewayDirectoryMachine.List(state, _old + TimeSpan.FromSeconds(6));

        Assert.Equal(["a/1", "b/1"], listing.Gateways.Select(g => g.Beat.Name));
        Assert.Equal((7, TimeSpan.FromSeconds(1)), (listing.Gateways[0].Beat.Streams, listing.Gateways[0].LastHeard));
    }

    [Fact]
    public void A_gateway_that_is_silent_for_fifteen_seconds_is_gone()
    {
        var state = Beat(new(), "a/1", _old);

        Assert.False(ListAfter(state, 14.9).IsGone("a/1"));
        Assert.True(ListAfter(state, 15).IsGone("a/1"));
        Assert.Empty(ListAfter(state, 15).Gateways);
    }

    [Fact]
    public void A_gateway_that_left_is_gone_at_once()
    {
        var state = GatewayDirectoryMachine.Leave(Beat(new(), "a/1", _old), "a/1");

        Assert.True(GatewayDirectoryMachine.List(state, _old).IsGone("a/1"));
    }

    [Fact]
    public void A_young_directory_calls_nobody_gone()
    {
        var state = Beat(new(), "a/1", TimeSpan.FromSeconds(3));

        Assert.False(GatewayDirectoryMachine.List(state, TimeSpan.FromSeconds(14.9)).IsGone("b/1"));
        Assert.True(GatewayDirectoryMachine.List(state, TimeSpan.FromSeconds(15)).IsGone("b/1"));
        Assert.False(GatewayDirectoryMachine.List(state, TimeSpan.FromSeconds(15)).IsGone("a/1"));
    }

    [Fact]
    public void Those_that_are_gone_are_forgotten()
    {
        var state = Beat(Beat(new(), "a/1", _old), "a/2", _old + TimeSpan.FromMinutes(1));

        Assert.Equal("a/2", Assert.Single(state.Gateways).Key);
    }

    private static GatewayListing ListAfter(GatewayDirectoryState state, double seconds) =>
        GatewayDirectoryMachine.List(state, _old + TimeSpan.FromSeconds(seconds));

    private static GatewayDirectoryState Beat(GatewayDirectoryState state, string name, TimeSpan now, int streams = 0) =>
        GatewayDirectoryMachine.Beat(state, new GatewayBeat(name, "h:15012", "http://h:15080", streams), now);
}
