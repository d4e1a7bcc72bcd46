namespace MeshOrleans.Xds.Translation.Scopes;

/// <summary>What a proxy stands in front of.</summary>
public enum ProxyMode
{
    /// <summary>One workload.</summary>
    Sidecar,

    /// <summary>The edge of the mesh.</summary>
    Gateway,

    /// <summary>One workload, as a stock Envoy into which its connections are redirected.</summary>
    Envoy,

    /// <summary>Nothing: it is the application itself, a gRPC program that speaks xDS.</summary>
    Proxyless,
}
