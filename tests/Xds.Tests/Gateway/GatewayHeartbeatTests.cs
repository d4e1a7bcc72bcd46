using System.Threading.Channels;

namespace MeshOrleans.Xds.Tests.Gateway;

public sealed class GatewayHeartbeatTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_gateway_beats_every_five_seconds_and_tells_where_it_is_and_what_it_holds()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.OpenAsync();
        var first = await NextAsync(host.Grains.Gateways.Beats);

        var second = await AdvanceToNextAsync(host, TimeSpan.FromSeconds(5));

        Assert.Equal(host.Name, first.Name);
        Assert.Equal(("10.0.0.1:15012", "http://10.0.0.1"), (second.XdsAddress, second.ApiAddress));
        Assert.Equal(1, second.Streams);
    }

    [Fact]
    public async Task A_beat_that_fails_is_followed_by_the_next()
    {
        await using var host = await GatewayHost.StartAsync();
        await NextAsync(host.Grains.Gateways.Beats);
        host.Grains.Gateways.Failure = new TimeoutException("The silo is gone.");

        var next = await AdvanceToNextAsync(host, TimeSpan.FromSeconds(5));

        Assert.Equal(host.Name, next.Name);
        Assert.Null(host.Grains.Gateways.Failure);
        Assert.Contains(host.Log.Lines, line => line.Text.Contains("does not hear of", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_gateway_that_stops_says_good_bye()
    {
        await using var host = await GatewayHost.StartAsync();

        await host.StopAsync().WaitAsync(Patience);

        Assert.Equal(host.Name, await NextAsync(host.Grains.Gateways.Left));
    }

    [Fact]
    public async Task Each_start_of_a_gateway_has_a_name_of_its_own_under_which_its_streams_are_known()
    {
        await using var one = await GatewayHost.StartAsync(configure: o => o.Name = "gateway-1");
        await using var other = await GatewayHost.StartAsync(configure: o => o.Name = "gateway-1");
        await using var client = one.Delta();
        await client.OpenAsync();
        await one.UntilAsync(
            () =>
            {
                one.Clock.Advance(TimeSpan.FromMilliseconds(50));
                return one.Grains.Subscriptions(AdsClient.NodeId).Find(AdsClient.NodeId) is not null;
            },
            "the stream is reported");

        Assert.Matches("^gateway-1/[0-9a-f]{6}$", one.Name);
        Assert.NotEqual(one.Name, other.Name);
        Assert.Equal(one.Name, one.Grains.Subscriptions(AdsClient.NodeId).Find(AdsClient.NodeId)!.Connection!.Gateway);
        Assert.Equal(one.Name, one.Status.List().Single(v => v.NodeId == AdsClient.NodeId).Connection.Gateway);
    }

    private static async Task<T> NextAsync<T>(Channel<T> channel) =>
        await channel.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    private static async Task<Grains.Subscriptions.GatewayBeat> AdvanceToNextAsync(GatewayHost host, TimeSpan step)
    {
        var beat = host.Grains.Gateways.Beats.Reader.ReadAsync().AsTask();
        await host.UntilAsync(
            () =>
            {
                if (!beat.IsCompleted) host.Clock.Advance(step);
                return beat.IsCompleted;
            },
            "the gateway beats again");
        return await beat;
    }
}
