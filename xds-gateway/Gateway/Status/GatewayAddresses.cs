namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>
/// Under which addresses this process can be reached, for the directory of gateways. Set by the host; read after it has
/// started, since ports may be picked then.
/// </summary>
public sealed class GatewayAddresses
{
    /// <summary>Where xDS is served over TLS, <c>host:port</c>.</summary>
    /// <value>Empty, that is unknown, by default.</value>
    public Func<string> Xds { get; set; } = () => "";

    /// <summary>Where the REST API answers, as a URL.</summary>
    /// <value>Empty, that is none, by default.</value>
    public Func<string> Api { get; set; } = () => "";
}
