namespace MeshOrleans.Xds.Translation;

/// <summary>What a proxy stands in front of.</summary>
public enum ProxyMode
{
    /// <summary>One workload.</summary>
    Sidecar,

    /// <summary>The edge of the mesh.</summary>
    Gateway,
}
