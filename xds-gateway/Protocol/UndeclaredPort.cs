namespace MeshOrleans.Xds.Protocol;

/// <summary>What the gateway and the sidecars of this mesh agree on for ports whose protocol nobody has declared.</summary>
public static class UndeclaredPort
{
    /// <summary>
    /// Typed metadata of an inbound filter chain, and of an outbound virtual host, of HTTP: the TCP proxy that carries what
    /// turns out to be none. Who does not know of it takes the port for one of HTTP alone.
    /// </summary>
    public const string Metadata = "mesh.undeclared_port";
}
