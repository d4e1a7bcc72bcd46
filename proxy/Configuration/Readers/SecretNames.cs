namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>The two secrets of a sidecar, as Istio names them.</summary>
internal static class SecretNames
{
    /// <summary>The own certificate.</summary>
    public const string Certificate = "default";

    /// <summary>The roots of all trust domains.</summary>
    public const string Roots = "ROOTCA";
}
