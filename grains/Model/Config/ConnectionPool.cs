namespace MeshOrleans.Model.Config;

/// <summary>Limits per client proxy and cluster.</summary>
/// <param name="Tcp">Limits on connections.</param>
/// <param name="Http">Limits on requests.</param>
public sealed record ConnectionPool(TcpPool? Tcp, HttpPool? Http);

/// <summary>Limits on connections.</summary>
public sealed record TcpPool
{
    /// <summary>Connections open at a time; null or zero means no limit.</summary>
    public int? MaxConnections { get; init; }

    /// <summary>Bound of connecting; null means the mesh's default.</summary>
    public TimeSpan? ConnectTimeout { get; init; }

    /// <summary>Keep-alive probes of TCP; null leaves the system's.</summary>
    public TcpKeepalive? TcpKeepalive { get; init; }

    /// <summary>Age at which a connection is drained; null means no limit.</summary>
    public TimeSpan? MaxConnectionDuration { get; init; }

    /// <summary>Idle time after which a connection is closed; null means one hour.</summary>
    public TimeSpan? IdleTimeout { get; init; }
}

/// <summary>Keep-alive probes of TCP.</summary>
/// <param name="Probes">Unanswered probes before the connection is dead; null leaves the system's.</param>
/// <param name="Time">Idle time before the first probe; null leaves the system's.</param>
/// <param name="Interval">Time between probes; null leaves the system's.</param>
public sealed record TcpKeepalive(int? Probes, TimeSpan? Time, TimeSpan? Interval);

/// <summary>Whether HTTP/1.1 requests are forwarded as HTTP/2.</summary>
public enum H2UpgradePolicy
{
    /// <summary>As the mesh says: no.</summary>
    Default,

    /// <summary>No.</summary>
    DoNotUpgrade,

    /// <summary>Yes.</summary>
    Upgrade,
}

/// <summary>Limits on requests.</summary>
public sealed record HttpPool
{
    /// <summary>Requests that may wait for a connection; null or zero means no limit.</summary>
    public int? Http1MaxPendingRequests { get; init; }

    /// <summary>Requests active at a time, HTTP/1.1 ones included; null or zero means no limit.</summary>
    public int? Http2MaxRequests { get; init; }

    /// <summary>
    /// Cap on concurrent HTTP/1.1 requests: no field of Istio, but met in practice and accepted with a warning.
    /// </summary>
    public int? Http1MaxRequests { get; init; }

    /// <summary>Requests after which a connection is replaced; null or zero means no limit.</summary>
    public int? MaxRequestsPerConnection { get; init; }

    /// <summary>Retries active at a time; null means no limit.</summary>
    public int? MaxRetries { get; init; }

    /// <summary>Idle time after which a connection without requests is closed; null means one hour.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>Whether HTTP/1.1 requests are forwarded as HTTP/2.</summary>
    public H2UpgradePolicy H2UpgradePolicy { get; init; }

    /// <summary>Whether the client's own HTTP version is used upstream.</summary>
    public bool UseClientProtocol { get; init; }

    /// <summary>Streams per HTTP/2 connection; null means 2^31-1.</summary>
    public int? MaxConcurrentStreams { get; init; }

    /// <summary>Pings on idle HTTP/2 connections; null sends none.</summary>
    public Http2KeepAlive? Http2KeepAlive { get; init; }
}

/// <summary>Pings on HTTP/2 connections.</summary>
/// <param name="Interval">Time between pings.</param>
/// <param name="Timeout">How long an answer may take.</param>
public sealed record Http2KeepAlive(TimeSpan? Interval, TimeSpan? Timeout);
