using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>Who takes nothing of a response loses its stream, and nobody else notices.</summary>
public sealed class SlowClientTests
{
    private const int More = 300_000; // than fits between the two: to read as much again, something must have moved

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
