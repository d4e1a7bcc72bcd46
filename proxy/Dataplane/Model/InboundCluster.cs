namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>The clusters of this sidecar's own application, as Istio names them: <c>inbound|PORT||</c>.</summary>
public static class InboundCluster
{
    /// <summary>What their names begin with.</summary>
    public const string Prefix = "inbound|";

    /// <summary>The cluster of a workload port.</summary>
    public static string Of(int port) => $"{Prefix}{port}||";

    /// <summary>The workload port of a cluster; 0 when the name tells none.</summary>
    public static int PortOf(string name) =>
        name.Split('|') is ["inbound", var number, ..] && int.TryParse(number, out var port) ? port : 0;
}
