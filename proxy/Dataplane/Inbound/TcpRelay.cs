using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Dataplane.Tls;
using MeshOrleans.Proxy.Dataplane.Upstream;
using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>Carries bytes between a caller and the application until both have ended.</summary>
/// <remarks>
/// When the caller ends its direction, the application sees that end and may go on answering. When the application ends
/// its direction, the connection ends as a whole: Kestrel's transport closes both at once.
/// </remarks>
internal static class TcpRelay
{
    /// <summary>Carries the bytes between a caller and whoever is reached by connecting.</summary>
    /// <param name="connection">The caller.</param>
    /// <param name="connect">Makes the connection to the application.</param>
    /// <param name="connectTimeout">How long connecting may take.</param>
    /// <param name="relay">How long it may last.</param>
    /// <param name="counters">What is counted.</param>
    /// <param name="clock">The time.</param>
    public static async Task RunAsync(
        ConnectionContext connection,
        Func<CancellationToken, ValueTask<Stream>> connect,
        TimeSpan connectTimeout,
        RelayModel relay,
        ProxyMetrics.ConnectionSeries counters,
        TimeProvider clock)
    {
        await CountedAsync(connection, new RelayCount(counters, clock), async count =>
        {
            Stream stream;
            using (var limit = new CancellationTokenSource(connectTimeout, clock))
            {
                stream = await connect(limit.Token).ConfigureAwait(false);
            }

            await using var disposal = stream.ConfigureAwait(false);
            await RelayAsync(connection, stream, relay, count, clock).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    /// <summary>Carries the bytes between a caller and a connection that is there already.</summary>
    /// <param name="connection">The caller.</param>
    /// <param name="stream">The other end. Not disposed here.</param>
    /// <param name="relay">How long it may last.</param>
    /// <param name="count">What is counted.</param>
    /// <param name="clock">The time.</param>
    /// <returns>Why its time was over, in one of Envoy's words; empty when one of its ends ended it.</returns>
    public static async Task<string> CarryAsync(
        ConnectionContext connection, Stream stream, RelayModel relay, RelayCount count, TimeProvider clock)
    {
        var reason = "";
        await CountedAsync(
            connection,
            count,
            async counted => reason = await RelayAsync(connection, stream, relay, counted, clock).ConfigureAwait(false))
            .ConfigureAwait(false);
        return reason;
    }

    /// <summary>A connection without TLS, to the application.</summary>
    public static async ValueTask<Stream> ConnectAsync(IPEndPoint target, CancellationToken cancellationToken)
    {
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(target, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task CountedAsync(
        ConnectionContext connection, RelayCount count, Func<RelayCount, Task> carry)
    {
        count.Open();
        try
        {
            await carry(count).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            Abort(connection, exception);
        }
        finally
        {
            count.Close();
        }
    }

    private static async Task<string> RelayAsync(
        ConnectionContext connection, Stream stream, RelayModel relay, RelayCount count, TimeProvider clock)
    {
        var reason = "";
        using var watch = new RelayWatch(relay, count, clock, why =>
        {
            reason = why;
            connection.Abort(new ConnectionAbortedException($"The relay's time is over: {why}."));
            stream.Dispose(); // whichever direction hangs on a peer that neither reads nor sends
        });
        var toApplication = ToApplicationAsync(connection.Transport.Input, stream, count);
        try
        {
            await ToCallerAsync(stream, connection.Transport.Output, count).ConfigureAwait(false);
            connection.Transport.Input.CancelPendingRead();
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            Abort(connection, exception);
            await stream.DisposeAsync().ConfigureAwait(false); // wakes the other direction
        }

        await toApplication.ConfigureAwait(false);
        return reason;
    }

    private static bool IsLoss(Exception exception) =>
        exception is SocketException or IOException or OperationCanceledException or ConnectionAbortedException
            or ObjectDisposedException or CryptographicException;

    private static void Abort(ConnectionContext connection, Exception exception) =>
        connection.Abort(new ConnectionAbortedException("The relay has lost one of its ends.", exception));

    // Only this direction ends: the application may go on answering.
    private static async ValueTask EndAsync(Stream application)
    {
        if (application is RelayedTls tls) await tls.ShutdownAsync().ConfigureAwait(false);
        else if (application is PostTunnel tunnel) await tunnel.EndAsync().ConfigureAwait(false);
        else ((NetworkStream)application).Socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task ToApplicationAsync(
        PipeReader caller, Stream application, RelayCount count)
    {
        try
        {
            while (true)
            {
                var result = await caller.ReadAsync().ConfigureAwait(false);
                foreach (var segment in result.Buffer)
                {
                    await application.WriteAsync(segment).ConfigureAwait(false);
                    count.AddReceived(segment.Length);
                }

                caller.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted || result.IsCanceled) break;
            }

            await EndAsync(application).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            await application.DisposeAsync().ConfigureAwait(false); // wakes the other direction, which reports the end
        }
    }

    private static async Task ToCallerAsync(
        Stream application, PipeWriter caller, RelayCount count)
    {
        while (true)
        {
            var read = await application.ReadAsync(caller.GetMemory(4096)).ConfigureAwait(false);
            if (read == 0) break;
            caller.Advance(read);
            count.AddSent(read);
            var flushed = await caller.FlushAsync().ConfigureAwait(false);
            if (flushed.IsCompleted || flushed.IsCanceled) break;
        }
    }
}
