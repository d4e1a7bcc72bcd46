namespace MeshOrleans.Proxy.Sidecar.Xds.Readers;

/// <summary>The clusters that every sidecar has, as Istio names them.</summary>
internal static class ClusterNames
{
    public const string Passthrough = "PassthroughCluster";
    public const string BlackHole = "BlackHoleCluster";
}
