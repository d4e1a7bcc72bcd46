using MeshOrleans.Xds.Protocol.Tls;

namespace MeshOrleans.Xds.Translation.Tls;

/// <summary>
/// Names credentials that operators put onto the machine of the proxy, as istiod names those of <c>credentialName</c>.
/// Our own proxies ask nobody for them, as the control plane has no keys; a stock Envoy asks, and goes on without after
/// its usual time.
/// </summary>
internal static class Credentials
{
    private const string Scheme = "kubernetes://";
    private const string RootsSuffix = "-cacert";

    /// <summary>The certificate and key of a credential.</summary>
    public static SdsSecretConfig Secret(string name) => new() { Name = Scheme + name, SdsConfig = ConfigSources.AdsInTime() };

    /// <summary>The roots that belong to a credential.</summary>
    public static SdsSecretConfig Roots(string name) => Secret(name + RootsSuffix);
}
