using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Tls;
using MeshOrleans.Xds.Translation.Scopes;

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

    /// <summary>
    /// A client's end, with the identities of which the server must hold one; null when it has no certificate.
    /// </summary>
    public static CommonTlsContext? Client(ProxyScope scope, IEnumerable<string> identities) =>
        Context(scope, scope.ClientFiles, identities);

    /// <summary>
    /// A server's end, which takes every identity that its roots vouch for; null when it has no certificate.
    /// </summary>
    public static CommonTlsContext? Server(ProxyScope scope) => Context(scope, scope.ServerFiles, []);

    public static TransportSocket Socket(Google.Protobuf.IMessage context) =>
        new() { Name = SocketName, TypedConfig = Google.Protobuf.WellKnownTypes.Any.Pack(context) };

    /// <summary>
    /// Our own sidecar asks for its secrets by name. A stock Envoy has its key in a file, or it has none: nobody else
    /// could give it one, and what waits for a secret that does not come never works.
    /// </summary>
    private static CommonTlsContext? Context(
        ProxyScope scope, CertificateSource? source, IEnumerable<string> identities) =>
        scope.Mode is not ProxyMode.Envoy ? OfSecrets(ConfigSources.Ads(), ConfigSources.Ads(), identities)
        : source switch
        {
            SecretFiles files =>
                OfSecrets(ConfigSources.File(files.Certificate), ConfigSources.File(files.Roots), identities),
            CertificateFiles files => OfFiles(files, identities),
            _ => null,
        };

    /// <summary>The proxy's own certificate, and the roots of this mesh and of the federated ones.</summary>
    private static CommonTlsContext OfSecrets(
        ConfigSource certificate, ConfigSource roots, IEnumerable<string> identities) => new()
    {
        TlsParams = Parameters(),
        TlsCertificateSdsSecretConfigs =
        {
            new SdsSecretConfig { Name = SecretTranslator.CertificateName, SdsConfig = certificate },
        },
        CombinedValidationContext = new()
        {
            DefaultValidationContext = Names(identities),
            ValidationContextSdsSecretConfig = new() { Name = SecretTranslator.RootCaName, SdsConfig = roots },
        },
    };

    private static CommonTlsContext OfFiles(CertificateFiles files, IEnumerable<string> identities)
    {
        var validation = Names(identities);
        validation.TrustedCa = new DataSource { Filename = files.Roots };
        return new CommonTlsContext
        {
            TlsParams = Parameters(),
            TlsCertificates =
            {
                new TlsCertificate
                {
                    CertificateChain = new DataSource { Filename = files.Chain },
                    PrivateKey = new DataSource { Filename = files.Key },
                },
            },
            ValidationContext = validation,
        };
    }

    private static TlsParameters Parameters() => new()
    {
        TlsMinimumProtocolVersion = TlsParameters.Types.TlsProtocol.Tlsv12,
        TlsMaximumProtocolVersion = TlsParameters.Types.TlsProtocol.Tlsv13,
    };

    private static CertificateValidationContext Names(IEnumerable<string> identities)
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

        return context;
    }
}
