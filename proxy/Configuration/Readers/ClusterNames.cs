namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>Names of clusters, as Istio makes them.</summary>
internal static class ClusterNames
{
    /// <summary>The cluster of all members of a service.</summary>
    public static string Outbound(string host, int port) => $"outbound|{port}||{host}";
}
