namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>Names of clusters, as Istio makes them.</summary>
internal static class ClusterNames
{
    /// <summary>What the names of the clusters of this sidecar's own application begin with.</summary>
    public const string InboundPrefix = "inbound|";

    /// <summary>The workload port of a cluster of this sidecar's own application; 0 when the name tells none.</summary>
    public static int InboundPort(string name) =>
        name.Split('|') is ["inbound", var number, ..] && int.TryParse(number, out var port) ? port : 0;

    /// <summary>The cluster of all members of a service.</summary>
    public static string Outbound(string host, int port) => $"outbound|{port}||{host}";
}
