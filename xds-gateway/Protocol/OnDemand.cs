namespace MeshOrleans.Xds.Protocol;

/// <summary>What the gateway and the sidecars of this mesh agree on to tell hosts only when they are called.</summary>
/// <remarks>
/// A sidecar that says <see cref="Metadata"/> asks with <see cref="TypeUrls.HostDemand"/> for names of the form
/// <c>host:port</c>, as its application wrote them. Its first request may also name, as the versions that it holds, the
/// hosts of the configuration that it started with. The answer has a resource of each name that leads somewhere, once
/// everything that belongs to it has been sent and acknowledged, and removes the others.
/// </remarks>
public static class OnDemand
{
    /// <summary>Node metadata: <c>"true"</c> from a client that asks on demand.</summary>
    public const string Metadata = "MESH_ON_DEMAND";

    /// <summary>
    /// The virtual host, and the filter chain, of everything that the client has not been told of: it asks before it
    /// does what is said there.
    /// </summary>
    public const string Name = "on_demand";
}
