namespace MeshOrleans.Proxy.Dataplane;

/// <summary>Who speaks HTTP/2 on the connections between sidecars.</summary>
public enum HopEngine
{
    /// <summary>
    /// The mesh's own code: requests and responses go on inline with whoever has read them, and no other thread is woken.
    /// </summary>
    Mesh,

    /// <summary>.NET's client and server: the slower way round a fault of the other, and what the other is tested against.</summary>
    Runtime,
}
