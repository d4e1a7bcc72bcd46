using System.Net.Sockets;
using MeshOrleans.Model;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Grpc;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>A host that stops gives its clients time to move, and takes no more than it says.</summary>
public sealed class StreamDrainTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Clients_are_told_to_move_before_their_streams_end()
    {
        await using var host = await StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        using var other = await ConnectAsync(host);

        var stopping = host.StopAsync();
        await UntilGoAwayAsync(other);
        await client.SilenceAsync();
        Assert.False(stopping.IsCompleted);
        var end = client.EndAsync();
        await host.AdvanceUntilAsync(() => end.IsCompleted, TimeSpan.FromMilliseconds(1));

        Assert.Equal(GrpcStatusCode.Unavailable, (await end).Code);
        await stopping.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_push_that_is_under_way_can_still_be_acknowledged()
    {
        await using var host = await StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        host.Grains.Mesh.Remove("config/Service/app/b");
        var push = await client.NextAsync(TypeUrls.Cluster);

        var stopping = host.StopAsync();
        await host.UntilAsync(() => host.Log.Lines.Any(l => l.Text.Contains("shutting down", StringComparison.Ordinal)), "it stops");
        await client.SilenceAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await client.SilenceAsync();
        Assert.False(stopping.IsCompleted);
        var end = client.EndAsync();
        await client.AckAsync(push);

        Assert.Equal(GrpcStatusCode.Unavailable, (await end).Code);
        await stopping.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_client_that_never_answers_gets_the_whole_time_and_no_more()
    {
        await using var host = await StartAsync();
        await using var client = host.Delta();
        await client.OpenAsync();

        var stopping = host.StopAsync();
        await client.SilenceAsync();
        var end = client.EndAsync();
        await host.AdvanceUntilAsync(() => end.IsCompleted, TimeSpan.FromMilliseconds(100));

        Assert.Equal(GrpcStatusCode.Unavailable, (await end).Code);
        await stopping.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_client_that_does_not_read_gets_the_whole_time_and_no_more()
    {
        await using var host = await StartAsync(SlowClient.LargeMesh());
        await using var client = await SlowClient.OpenAsync(host);
        await client.ReadAsync(300_000);
        await host.UntilAsync(() => host.Status.Count == 1, "it is connected");

        var stopping = host.StopAsync();
        await host.UntilAsync(() => host.Log.Lines.Any(l => l.Text.Contains("shutting down", StringComparison.Ordinal)), "it stops");
        await client.ReadAsync(300_000);
        Assert.False(stopping.IsCompleted);
        await host.AdvanceUntilAsync(() => stopping.IsCompleted, TimeSpan.FromMilliseconds(100));

        await stopping;
        Assert.DoesNotContain(host.Log.Lines, line => line.Level >= LogLevel.Error);
    }

    private static Task<GatewayHost> StartAsync(Model.Snapshots.MeshSnapshot? mesh = null) =>
        GatewayHost.StartAsync(mesh, o => o.DrainTime = TimeSpan.FromSeconds(3), random: new Half());

    /// <summary>A connection without a stream, of a client that says no more than it must.</summary>
    private static async Task<NetworkStream> ConnectAsync(GatewayHost host)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host.Address.Host, host.Address.Port);
        var stream = new NetworkStream(socket, ownsSocket: true);
        await stream.WriteAsync(new ReadOnlyMemory<byte>([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0]));
        return stream;
    }

    private static async Task UntilGoAwayAsync(NetworkStream stream)
    {
        const byte goAway = 7;
        using var limit = new CancellationTokenSource(Limit);
        var header = new byte[9];
        do
        {
            await stream.ReadExactlyAsync(header, limit.Token);
            await stream.ReadExactlyAsync(new byte[(header[0] << 16) | (header[1] << 8) | header[2]], limit.Token);
        }
        while (header[3] != goAway);
    }

    private sealed class Half : IRandomSource
    {
        public double NextDouble() => 0.5;
    }
}
