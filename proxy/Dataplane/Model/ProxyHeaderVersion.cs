namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>Whether connections begin with a header of the PROXY protocol, which tells the server who calls.</summary>
public enum ProxyHeaderVersion
{
    /// <summary>They begin with what is sent.</summary>
    None,

    /// <summary>The text form.</summary>
    V1,

    /// <summary>The binary form.</summary>
    V2,
}
