namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>Names of clusters, as Istio makes them.</summary>
internal static class ClusterNames
{
    /// <summary>What the names of the clusters of this sidecar's own application begin with.</summary>
    public const string InboundPrefix = "inbound|";

    /// <summary>The cluster of all members of a service.</summary>
    public static string Outbound(string host, int port) => $"outbound|{port}||{host}";
}
