using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Model;
using MeshOrleans.Testing;
using MeshOrleans.Xds.Gateway;
using MeshOrleans.Xds.Gateway.Streams;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Grpc;

namespace MeshOrleans.Xds.Tests.Gateway;

public sealed class StreamAgeTests
{
    [Theory]
    [InlineData(0.0, 14.99)]
    [InlineData(0.5, 29.99)]
    [InlineData(0.9999, 44.98)]
    public void The_end_is_drawn_between_half_and_one_and_a_half_of_the_mean(double chance, double minutes)
    {
        var clock = new ManualTimeProvider();
        var age = new StreamAge(new XdsGatewayOptions(), clock, new Chance(chance));

        clock.Advance(TimeSpan.FromMinutes(minutes));
        Assert.False(age.IsOver(isOutstanding: false));
        clock.Advance(TimeSpan.FromMinutes(0.02));

        Assert.True(age.IsOver(isOutstanding: false));
    }

    [Fact]
    public void Zero_means_never()
    {
        var clock = new ManualTimeProvider();
        var age = new StreamAge(new XdsGatewayOptions { MaxStreamAge = TimeSpan.Zero }, clock, new Chance(0));

        clock.Advance(TimeSpan.FromDays(365));

        Assert.False(age.IsOver(isOutstanding: false));
        Assert.Equal(Timeout.InfiniteTimeSpan, age.Left(isOutstanding: false));
    }

    [Theory]
    [InlineData(0.0, false, 0)]
    [InlineData(0.5, false, 1_000)]
    [InlineData(0.5, true, 3_000)]
    public void A_stopping_host_gives_each_stream_a_moment_of_its_own_and_a_pending_push_all_the_time(
        double chance, bool isOutstanding, int milliseconds)
    {
        var clock = new ManualTimeProvider();
        var age = new StreamAge(new XdsGatewayOptions { MaxStreamAge = TimeSpan.Zero }, clock, new Chance(chance));
        clock.Advance(TimeSpan.FromMinutes(5));

        age.Stop(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3));
        age.Stop(TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(9)); // is told already

        clock.Advance(TimeSpan.FromMilliseconds(Math.Max(0, milliseconds - 1)));
        Assert.Equal(milliseconds > 0, !age.IsOver(isOutstanding));
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(age.IsOver(isOutstanding));
        Assert.True(age.IsStopping);
    }

    [Fact]
    public void A_stream_that_was_to_end_sooner_than_its_host_does_so()
    {
        var clock = new ManualTimeProvider();
        var age = new StreamAge(new XdsGatewayOptions(), clock, new Chance(0));
        clock.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromSeconds(1));

        age.Stop(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3));

        Assert.Equal(TimeSpan.Zero, age.Left(isOutstanding: false)); // chance has it at once
        Assert.Equal(TimeSpan.FromSeconds(3), age.Left(isOutstanding: true));
    }

    [Fact]
    public async Task A_stream_of_age_ends_and_says_why_and_a_younger_one_goes_on()
    {
        await using var host = await StartAsync(new Chance(0));
        await using var old = host.Delta();
        await old.AckAsync(await old.OpenAsync());
        await old.SilenceAsync();
        await host.WritesEndedAsync(TypeUrls.RouteConfiguration);
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        await using var young = host.Delta();
        await young.AckAsync(await young.OpenAsync("sidecar~10.0.0.2~b-1.app~app.svc.cluster.local"));
        await young.SilenceAsync();

        await AssertOfAgeAsync(host, AdvanceUntilEndAsync(host, old));

        await young.SilenceAsync();
    }

    [Fact]
    public async Task A_push_that_is_under_way_is_waited_for_and_then_the_stream_ends()
    {
        await using var host = await StartAsync(new Chance(0));
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        await host.UntilAsync(() => host.Status.List().Single().Types is [{ State: SubscriptionState.Synced }], "it is synced");
        host.Clock.Advance(TimeSpan.FromMinutes(14) + TimeSpan.FromSeconds(50));
        host.Grains.Mesh.Remove("config/Service/app/a");
        var push = await client.NextAsync(TypeUrls.Cluster);

        host.Clock.Advance(TimeSpan.FromSeconds(20));
        host.Grains.Mesh.Remove("config/Service/app/b"); // it would be pushed if the stream stayed
        await client.SilenceAsync();
        await client.AckAsync(push);

        await AssertOfAgeAsync(host, client.EndAsync());
        Assert.Equal(0, client.Unread);
    }

    [Fact]
    public async Task A_client_that_never_acknowledges_does_not_keep_its_stream_for_ever()
    {
        await using var host = await StartAsync(new Chance(0));
        await using var client = host.Delta();
        await client.OpenAsync();
        await host.WritesEndedAsync(TypeUrls.Cluster);

        host.Clock.Advance(TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(29));
        await client.SilenceAsync();

        await AssertOfAgeAsync(host, AdvanceUntilEndAsync(host, client));
    }

    // The text of the status may be lost on its way, where HTTP/2 resets what the client still had to say.
    private static async Task AssertOfAgeAsync(GatewayHost host, Task<GrpcStatus> end)
    {
        Assert.Equal(GrpcStatusCode.Unavailable, (await end).Code);
        Assert.Contains(host.Log.Lines, line => line.Text.Contains("reached its age limit", StringComparison.Ordinal));
    }

    private static Task<GatewayHost> StartAsync(IRandomSource random) =>
        GatewayHost.StartAsync(configure: o => o.MaxStreamAge = TimeSpan.FromMinutes(30), random: random);

    private static async Task<GrpcStatus> AdvanceUntilEndAsync(GatewayHost host, AdsClient client)
    {
        var end = client.EndAsync();
        var advanced = TimeSpan.Zero;
        await host.UntilAsync(
            () =>
            {
                if (end.IsCompleted || advanced >= TimeSpan.FromMinutes(6)) return end.IsCompleted;
                host.Clock.Advance(TimeSpan.FromSeconds(1));
                advanced += TimeSpan.FromSeconds(1);
                return end.IsCompleted;
            },
            "the stream ends");
        return await end;
    }

    private sealed class Chance(double value) : IRandomSource
    {
        public double NextDouble() => value;
    }
}
