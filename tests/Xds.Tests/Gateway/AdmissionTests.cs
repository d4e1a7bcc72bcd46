using MeshOrleans.Xds.Gateway;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Grpc;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>A gateway that has enough to do says so, and when to try again.</summary>
public sealed class AdmissionTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Streams_that_begin_too_fast_are_refused_with_a_hint_and_later_taken(bool delta)
    {
        await using var host = await GatewayHost.StartAsync(configure: o => (o.StreamBurst, o.StreamsPerSecond) = (2, 1));
        await using var one = host.Delta();
        await using var two = host.Sotw();
        await one.AckAsync(await one.OpenAsync());
        await two.AckAsync(await two.OpenAsync());
        await using var three = delta ? host.Delta() : host.Sotw();

        AssertRefused(await three.EndAsync());
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await using var four = delta ? host.Delta() : host.Sotw();

        await four.AckAsync(await four.OpenAsync());
        await one.SilenceAsync();
        await two.SilenceAsync();
        Assert.Single(host.Log.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains("refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task There_are_no_more_streams_than_allowed_and_one_that_ends_makes_room()
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.MaxStreams = 1);
        await using (var one = host.Delta())
        {
            await one.AckAsync(await one.OpenAsync());
            await using var two = host.Delta();
            AssertRefused(await two.EndAsync());
            one.Finish();
            Assert.Equal(GrpcStatus.Ok, await one.EndAsync());
        }

        await using var three = host.Delta();

        await three.OpenAsync();
    }

    [Fact]
    public async Task A_first_response_waits_for_its_turn_but_not_for_a_slow_reader()
    {
        await using var host = await StartAsync(_ => { });
        await using var slow = await SlowClient.OpenAsync(host);
        await slow.ReadAsync(300_000);
        await using var client = host.Delta();

        var answer = client.OpenAsync();
        await host.UntilAsync(() => host.Admission.Waiting == 1, "the second waits");
        host.Clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(1, host.Admission.Waiting);
        host.Clock.Advance(TimeSpan.FromMilliseconds(1));

        await client.AckAsync(await answer);
        await client.SilenceAsync();
    }

    [Fact]
    public async Task A_first_response_whose_turn_does_not_come_is_refused_with_a_hint()
    {
        await using var host = await StartAsync(o => o.SyncWait = TimeSpan.FromMilliseconds(500));
        await using var slow = await SlowClient.OpenAsync(host);
        await slow.ReadAsync(300_000);
        await using var client = host.Delta();
        await client.ChangeAsync(TypeUrls.Cluster, ["*"], node: AdsClient.Node());
        await host.UntilAsync(() => host.Admission.Waiting == 1, "the second waits");

        var end = client.EndAsync();
        host.Clock.Advance(TimeSpan.FromMilliseconds(500));

        AssertRefused(await end);
    }

    [Fact]
    public async Task Who_waits_for_its_turn_does_not_hold_up_the_end_of_the_host()
    {
        await using var host = await StartAsync(_ => { });
        await using var slow = await SlowClient.OpenAsync(host);
        await slow.ReadAsync(300_000);
        await using var client = host.Delta();
        await client.ChangeAsync(TypeUrls.Cluster, ["*"], node: AdsClient.Node());
        await host.UntilAsync(() => host.Admission.Waiting == 1, "the second waits");

        var end = client.EndAsync();
        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(GrpcStatusCode.Unavailable, (await end).Code);
    }

    private static void AssertRefused(GrpcStatus status)
    {
        Assert.Equal(GrpcStatusCode.ResourceExhausted, status.Code);
        Assert.InRange(status.RetryAfter ?? TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3));
    }

    private static Task<GatewayHost> StartAsync(Action<XdsGatewayOptions> configure) =>
        GatewayHost.StartAsync(SlowClient.LargeMesh(), o =>
        {
            o.MaxConcurrentSyncs = 1;
            configure(o);
        });
}
