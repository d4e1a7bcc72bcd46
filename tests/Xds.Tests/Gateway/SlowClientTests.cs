using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>Who takes a response slowly gets all of it; who takes nothing loses its stream, and nobody else notices.</summary>
public sealed class SlowClientTests
{
    private const int More = 300_000; // than fits between the two: to read as much again, something must have moved

    // twice as long is not yet too long: what has been read may have been noted only after the next pause
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(14);

    [Fact]
    public async Task A_client_that_reads_slowly_gets_all_of_a_large_response()
    {
        await using var host = await StartAsync();
        await using var client = await SlowClient.OpenAsync(host);

        var (total, pauses) = (0, 0);
        while (await client.ReadAsync(More) is var read && read > 0)
        {
            total += read;
            if (read < More) continue;
            host.Clock.Advance(Pause);
            pauses++;
        }

        Assert.True(pauses * Pause > TimeSpan.FromSeconds(60), $"{total} bytes are too few for this test");
        Assert.Equal("0", client.Status);
    }

    [Fact]
    public async Task A_client_that_does_not_read_loses_its_stream_and_the_others_live()
    {
        await using var host = await StartAsync();
        await using var calm = host.Delta();
        await calm.AckAsync(await calm.OpenAsync());
        await using var client = await SlowClient.OpenAsync(host);
        await client.ReadAsync(More);
        await host.UntilAsync(() => host.Status.Count == 2, "both are connected");

        await host.AdvanceUntilAsync(() => host.Status.Count == 1, TimeSpan.FromSeconds(1));

        await Assert.ThrowsAnyAsync<IOException>(() => client.ReadAsync(100_000_000));
        await calm.SilenceAsync();
        Assert.DoesNotContain(host.Log.Lines, line => line.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task A_client_that_does_not_read_does_not_hold_up_the_end_of_the_host()
    {
        await using var host = await StartAsync();
        await using var client = await SlowClient.OpenAsync(host);
        await client.ReadAsync(More);
        await host.UntilAsync(() => host.Status.Count == 1, "it is connected");

        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.DoesNotContain(host.Log.Lines, line => line.Level >= LogLevel.Error);
    }

    private static Task<GatewayHost> StartAsync() => GatewayHost.StartAsync(SlowClient.LargeMesh());
}
