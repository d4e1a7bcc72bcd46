using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Matcher;
using MeshOrleans.Xds.Protocol.Tls;
using MeshOrleans.Xds.Translation.Tls;

namespace MeshOrleans.Xds.Translation.Proxyless;

/// <summary>Mesh mTLS with the certificates that a program's own bootstrap names; none travel over xDS.</summary>
/// <remarks>Source: gRFC A29. The names of the instances are those that Istio's bootstrap has.</remarks>
internal static class ProxylessTls
{
    private const string Instance = "default";
    private const string Roots = "ROOTCA";

    /// <summary>A client's end. Without identities any of this mesh will do.</summary>
    public static TransportSocket Upstream(IEnumerable<string> identities)
    {
        var context = Context();
        context.ValidationContext.MatchSubjectAltNames.AddRange(
            identities.Select(identity => new StringMatcher { Exact = identity }));
        return MeshTls.Socket(new UpstreamTlsContext { CommonTlsContext = context });
    }

    /// <summary>A server's end: who calls must prove who he is.</summary>
    public static TransportSocket Downstream() =>
        MeshTls.Socket(new DownstreamTlsContext { CommonTlsContext = Context(), RequireClientCertificate = true });

    private static CommonTlsContext Context() => new()
    {
        TlsCertificateProviderInstance = new() { InstanceName = Instance, CertificateName = Instance },
        ValidationContext = new()
        {
            CaCertificateProviderInstance = new() { InstanceName = Instance, CertificateName = Roots },
        },
    };
}
