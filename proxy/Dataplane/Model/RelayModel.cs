namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>What holds for connections whose bytes are carried. Source: Envoy, <c>TcpProxy</c>.</summary>
public sealed record RelayModel
{
    /// <summary>What holds where nothing is said.</summary>
    public static RelayModel Default { get; } = new();

    /// <summary>After how long without a byte in either direction one is closed; null for never.</summary>
    /// <value>1 h by default.</value>
    public TimeSpan? IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>After how long one is closed whatever happens on it; null for never.</summary>
    public TimeSpan? MaxDuration { get; init; }

    /// <summary>
    /// The far end, <c>host:port</c>, where the cluster's endpoints are proxies that are asked for it; empty where they
    /// are not.
    /// </summary>
    public string Tunnel { get; init; } = "";

    /// <summary>They are asked by POST, whose two bodies are the tunnel, and not by CONNECT.</summary>
    public bool IsTunnelByPost { get; init; }
}
