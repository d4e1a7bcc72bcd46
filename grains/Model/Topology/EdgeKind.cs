namespace MeshOrleans.Model.Topology;

/// <summary>What is spoken on a port of the edge, as far as servers can share it.</summary>
public enum EdgeKind
{
    /// <summary>Plaintext HTTP of any version: all servers of the port share one chain.</summary>
    Http,

    /// <summary>TLS: the name in the handshake chooses the server.</summary>
    Tls,

    /// <summary>Bytes: nothing tells two servers apart.</summary>
    Tcp,
}
