namespace MeshOrleans.Xds.Translation.Clusters;

/// <summary>The names of clusters, as Istio gives them.</summary>
public static class ClusterName
{
    /// <summary>Where traffic to unknown hosts goes when it is let through: to the address it was meant for.</summary>
    public const string Passthrough = "PassthroughCluster";

    /// <summary>Where traffic to unknown hosts goes when it is refused: nowhere.</summary>
    public const string BlackHole = "BlackHoleCluster";

    /// <summary>
    /// Where a stock Envoy sends what comes for a port of its workload that nobody has declared: to that very port.
    /// </summary>
    public const string InboundPassthrough = "InboundPassthroughCluster";

    /// <summary>A service port, or a subset of it.</summary>
    public static string Outbound(string host, int port, string subset = "") => $"outbound|{port}|{subset}|{host}";

    /// <summary>
    /// One member of a service whose clients choose the member themselves. No subset has such a name.
    /// </summary>
    public static string Member(string host, int port, string address) => $"outbound|{port}|@{address}|{host}";

    /// <summary>A port of the workload itself.</summary>
    public static string Inbound(int workloadPort) => $"inbound|{workloadPort}||";

    /// <summary>The server name under which a service port is called with mesh mTLS.</summary>
    public static string ServerName(string host, int port, string subset = "") => $"outbound_.{port}_.{subset}_.{host}";
}
