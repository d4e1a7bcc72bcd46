using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Tls;

namespace MeshOrleans.Xds.Translation.Tls;

/// <summary>What both ends of a mesh mTLS connection have in common.</summary>
internal static class MeshTls
{
    /// <summary>Name of the TLS transport socket.</summary>
    public const string SocketName = "envoy.transport_sockets.tls";

    /// <summary>
    /// What a client of the mesh offers and a server recognises it by; only with one of these is a handshake for the
    /// sidecar and not for the application behind it.
    /// </summary>
    public static IEnumerable<string> ClientAlpns =>
        ["istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"];

    public static TlsParameters Parameters() => new()
    {
        TlsMinimumProtocolVersion = TlsParameters.Types.TlsProtocol.Tlsv12,
        TlsMaximumProtocolVersion = TlsParameters.Types.TlsProtocol.Tlsv13,
    };

    /// <summary>The proxy's own certificate.</summary>
    public static SdsSecretConfig Certificate() =>
        new() { Name = SecretTranslator.CertificateName, SdsConfig = ConfigSources.Ads() };

    /// <summary>The roots of this mesh and of the federated ones.</summary>
    public static SdsSecretConfig Roots() =>
        new() { Name = SecretTranslator.RootCaName, SdsConfig = ConfigSources.Ads() };

    /// <summary>
    /// The roots, and the identities of which the peer must hold one; without any, every identity will do.
    /// </summary>
    public static CommonTlsContext.Types.CombinedCertificateValidationContext Validation(IEnumerable<string> identities)
    {
        var context = new CertificateValidationContext();
        foreach (var identity in identities)
        {
            context.MatchTypedSubjectAltNames.Add(new SubjectAltNameMatcher
            {
                SanType = SubjectAltNameMatcher.Types.SanType.Uri,
                Matcher = new() { Exact = identity },
            });
        }

        return new() { DefaultValidationContext = context, ValidationContextSdsSecretConfig = Roots() };
    }

    public static TransportSocket Socket(Google.Protobuf.IMessage context) =>
        new() { Name = SocketName, TypedConfig = Google.Protobuf.WellKnownTypes.Any.Pack(context) };
}
