namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>What the connections of a cluster are like.</summary>
public sealed record ConnectionModel
{
    /// <summary>How long connecting may take, handshake included.</summary>
    /// <value>10 s by default.</value>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an unused connection is kept.</summary>
    /// <value>1 h by default.</value>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The age from which a connection takes no new request; null for none of the cluster's own.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>How many requests one connection may carry; 0 for no limit.</summary>
    public int MaxRequests { get; init; }

    /// <summary>How many requests an HTTP/2 connection may carry at a time; 0 for what the server says.</summary>
    public int MaxStreams { get; init; }

    /// <summary>The time between pings on an HTTP/2 connection; null for none.</summary>
    public TimeSpan? PingInterval { get; init; }

    /// <summary>How long the answer to a ping may take before the connection is given up.</summary>
    /// <value>20 s by default.</value>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Keep-alive probes of TCP; null leaves them off.</summary>
    public TcpProbesModel? Probes { get; init; }
}

/// <summary>Keep-alive probes of TCP. What is null is left to the system.</summary>
/// <param name="Count">Unanswered probes after which the connection is dead.</param>
/// <param name="Time">Idle time before the first, in seconds.</param>
/// <param name="Interval">Time between probes, in seconds.</param>
public sealed record TcpProbesModel(int? Count, int? Time, int? Interval);
