using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>Carries bytes between a caller and the application until both have ended.</summary>
/// <remarks>
/// When the caller ends its direction, the application sees that end and may go on answering. When the application ends
/// its direction, the connection ends as a whole: Kestrel's transport closes both at once.
/// </remarks>
internal static class TcpRelay
{
    public static async Task RunAsync(
        ConnectionContext connection,
        IPEndPoint target,
        TimeSpan connectTimeout,
        ProxyMetrics.ConnectionSeries counters,
        TimeProvider clock)
    {
        Interlocked.Increment(ref counters.Opened);
        using var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using (var limit = new CancellationTokenSource(connectTimeout, clock))
            {
                await socket.ConnectAsync(target, limit.Token).ConfigureAwait(false);
            }

            var stream = new NetworkStream(socket, ownsSocket: false);
            await using var disposal = stream.ConfigureAwait(false);
            var toApplication = ToApplicationAsync(connection.Transport.Input, stream, socket, counters);
            await ToCallerAsync(stream, connection.Transport.Output, counters).ConfigureAwait(false);
            connection.Transport.Input.CancelPendingRead();
            await toApplication.ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception is SocketException or IOException or OperationCanceledException
                or ConnectionAbortedException)
        {
            connection.Abort(new ConnectionAbortedException("The relay has lost one of its ends.", exception));
        }
        finally
        {
            Interlocked.Increment(ref counters.Closed);
        }
    }

    private static async Task ToApplicationAsync(
        PipeReader caller, NetworkStream application, Socket socket, ProxyMetrics.ConnectionSeries counters)
    {
        try
        {
            while (true)
            {
                var result = await caller.ReadAsync().ConfigureAwait(false);
                foreach (var segment in result.Buffer)
                {
                    await application.WriteAsync(segment).ConfigureAwait(false);
                    Interlocked.Add(ref counters.Received, segment.Length);
                }

                caller.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted || result.IsCanceled) break;
            }

            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception)
            when (exception is IOException or SocketException or ObjectDisposedException or ConnectionAbortedException)
        {
            socket.Dispose(); // wakes the other direction, which reports the end
        }
    }

    private static async Task ToCallerAsync(
        NetworkStream application, PipeWriter caller, ProxyMetrics.ConnectionSeries counters)
    {
        while (true)
        {
            var read = await application.ReadAsync(caller.GetMemory(4096)).ConfigureAwait(false);
            if (read == 0) break;
            caller.Advance(read);
            Interlocked.Add(ref counters.Sent, read);
            var flushed = await caller.FlushAsync().ConfigureAwait(false);
            if (flushed.IsCompleted || flushed.IsCanceled) break;
        }
    }
}
