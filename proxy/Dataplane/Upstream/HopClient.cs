using MeshOrleans.Proxy.Http2.Client;
using MeshOrleans.Proxy.Http2.Connections;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>Makes the clients of other sidecars: the mesh's own HTTP/2.</summary>
internal sealed class HopClient(UpstreamConnector connector, TimeProvider clock)
{
    // Many responses that nobody reads just now must not stop the others.
    private const int ConnectionWindow = 64 * 1024 * 1024;

    public Http2Handler Create(PoolKind kind, UpstreamSettings settings, TimeSpan longestAge)
    {
        var wanted = settings.Connection;
        return new Http2Handler(
            new PoolOptions
            {
                Connect = (server, cancellationToken) =>
                    connector.ConnectAsync(kind, settings, server, cancellationToken),
                ConnectTimeout = wanted.ConnectTimeout,
                IdleTimeout = wanted.IdleTimeout,
                MaxAge = wanted.MaxAge < longestAge ? wanted.MaxAge.Value : longestAge,
                IsSpread = wanted.MaxStreams == 0, // else each pool is one connection
                Settings = new Http2Settings
                {
                    ConnectionWindow = ConnectionWindow,
                    PingInterval = wanted.PingInterval,
                    PingTimeout = wanted.PingTimeout,
                },
            },
            clock);
    }
}
