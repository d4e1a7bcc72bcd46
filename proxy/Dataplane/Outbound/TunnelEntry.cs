using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace MeshOrleans.Proxy.Dataplane.Outbound;

/// <summary>
/// Lets streams of a connection of HTTP/2 become tunnels. Hangs in the features of connections that come to the outbound port
/// themselves: in a tunnel there is no other.
/// </summary>
/// <param name="Connection">The connection.</param>
/// <param name="Http">Who serves requests.</param>
/// <param name="Tunnel">Who serves tunnels.</param>
internal sealed record TunnelEntry(ConnectionContext Connection, ConnectionDelegate Http, OutboundTunnel Tunnel)
{
    // What is the connection's own, and no stream's. Heartbeats are never given back, and streams come and go.
    private static readonly Type[] _own =
    [
        typeof(TunnelEntry), typeof(ITlsConnectionFeature), typeof(ITlsApplicationProtocolFeature),
        typeof(IConnectionIdFeature), typeof(IConnectionItemsFeature), typeof(IConnectionTransportFeature),
        typeof(IConnectionLifetimeFeature), typeof(IConnectionHeartbeatFeature),
    ];

    /// <summary>Serves a stream that a CONNECT has begun (RFC 9113 section 8.5).</summary>
    public async Task ServeAsync(HttpContext context)
    {
        var features = new FeatureCollection();
        foreach (var (type, feature) in Connection.Features)
        {
            if (!_own.Contains(type)) features[type] = feature;
        }

        var stream = new StreamTunnel(context, Connection, features);
        var headers = context.Request.Headers;
        if (headers.TransferEncoding.Count > 0
            || headers.ContentLength is > 0 // a CONNECT has no content, as in HTTP/1.1
            || TunnelTarget.Read(context.Request.Host.Value ?? "") is not { } target)
        {
            await ConnectReply.RefuseAsync(stream, StatusCodes.Status400BadRequest, "").ConfigureAwait(false);
            return;
        }

        try
        {
            await Tunnel.ServeAsync(stream, target, isRedirected: false, Http).ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception is IOException or ConnectionAbortedException or OperationCanceledException)
        {
            // the client has left before there was anything to carry
        }
    }
}
