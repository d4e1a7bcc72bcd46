using System.IO.Pipelines;
using MeshOrleans.Xds.Gateway.Admission;
using MeshOrleans.Xds.Gateway.Status;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Xds.Gateway.Hosting;

/// <summary>
/// Cuts connections whose client floods the server with HTTP/2 frames that ask for little or nothing: PING, SETTINGS,
/// RST_STREAM, CONTINUATION, PRIORITY, DATA of a few bytes, HEADERS of one stream after the other. Kestrel takes those
/// as fast as they come.
/// </summary>
internal sealed partial class FloodGuard(
    IOptions<XdsGatewayOptions> options, TimeProvider clock, GatewayMetrics metrics, ILogger<FloodGuard> logger)
{
    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var transport = connection.Transport;
        var budget = new TokenBucket(options.Value.ControlFrameBurst, options.Value.ControlFramesPerSecond, clock);
        var reader = new ScannedReader(transport.Input, new FrameScanner(budget), type => Cut(connection, type));
        connection.Transport = new ScannedTransport(reader, transport.Output);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
        }
    }

    private void Cut(ConnectionContext connection, int type)
    {
        metrics.FloodCut();
        LogCut(connection.RemoteEndPoint?.ToString() ?? "an unknown address", NameOf(type));
        connection.Abort(new ConnectionAbortedException("The client sends too many small frames."));
    }

    private static string NameOf(int type) => type switch
    {
        0 => "small DATA",
        1 => "HEADERS",
        2 => "PRIORITY",
        3 => "RST_STREAM",
        4 => "SETTINGS",
        6 => "PING",
        8 => "WINDOW_UPDATE",
        9 => "CONTINUATION",
        _ => "unknown",
    };

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The connection of {Client} was cut: it sends too many frames that ask for little or nothing, "
            + "the last was {Frame}.")]
    private partial void LogCut(string client, string frame);

    private sealed record ScannedTransport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

/// <summary>Puts the guard in front of a port.</summary>
public static class FloodGuardExtensions
{
    /// <summary>
    /// Guards a port that serves xDS against floods of control frames. It must come after TLS, as it reads frames.
    /// </summary>
    public static void UseXdsFloodGuard(this ListenOptions listen)
    {
        var guard = listen.ApplicationServices.GetRequiredService<FloodGuard>();
        listen.Use(next => connection => guard.RunAsync(connection, next));
    }
}
