using System.Net;
using MeshOrleans.Proxy.Http2.Connections;

namespace MeshOrleans.Proxy.Http2.Client;

/// <summary>How a client's connections are made and how long they live.</summary>
public sealed record PoolOptions
{
    /// <summary>Makes the bytes' way to a server: connected, secured, HTTP/2 agreed upon.</summary>
    public required Func<DnsEndPoint, CancellationToken, ValueTask<Stream>> Connect { get; init; }

    /// <summary>How long that may take.</summary>
    public required TimeSpan ConnectTimeout { get; init; }

    /// <summary>How long a connection without requests is kept.</summary>
    public required TimeSpan IdleTimeout { get; init; }

    /// <summary>The age from which a connection takes no new requests.</summary>
    public required TimeSpan MaxAge { get; init; }

    /// <summary>Whether there may be more than one connection to a server.</summary>
    public required bool IsSpread { get; init; }

    /// <summary>What is asked of servers.</summary>
    public Http2Settings Settings { get; init; } = new();
}
