using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Tls;
using MeshOrleans.Xds.Translation.Scopes;
using MeshOrleans.Xds.Translation.Tls;

namespace MeshOrleans.Xds.Translation.Edge;

/// <summary>Says how a server of the edge ends TLS.</summary>
/// <remarks>
/// Certificates are named and never told: a private key does not come near the control plane. <c>credentialName</c>
/// becomes the name by which istiod knows it, which a gateway proxy looks up on its own machine; files stay files.
/// </remarks>
internal static class EdgeTls
{
    public static TransportSocket Socket(ProxyScope scope, EdgeServer server)
    {
        var tls = server.Server.Tls ?? new ServerTls();
        var context = server.Mode is ServerTlsMode.IstioMutual ? Mesh(scope, tls) : Own(server.Mode, tls);
        context.TlsParams = Parameters(tls);
        if (server.IsHttps) context.AlpnProtocols.AddRange(["h2", "http/1.1"]);
        return MeshTls.Socket(new DownstreamTlsContext
        {
            CommonTlsContext = context,
            RequireClientCertificate = server.Mode is ServerTlsMode.Mutual or ServerTlsMode.IstioMutual,
        });
    }

    private static CommonTlsContext Mesh(ProxyScope scope, ServerTls tls)
    {
        var context = MeshTls.Server(scope)!; // a gateway of the mesh always has one
        AddDemands(context.CombinedValidationContext.DefaultValidationContext, tls);
        return context;
    }

    private static CommonTlsContext Own(ServerTlsMode mode, ServerTls tls)
    {
        var asksClient = mode is ServerTlsMode.Mutual or ServerTlsMode.OptionalMutual;
        var context = new CommonTlsContext();
        ImmutableArray<string> names = !tls.CredentialNames.IsEmpty ? tls.CredentialNames
            : tls.CredentialName.Length > 0 ? [tls.CredentialName]
            : [];
        if (names.IsEmpty)
        {
            context.TlsCertificates.AddRange(FilesOf(tls));
            if (!asksClient) return context;
            context.ValidationContext = Demands(tls);
            context.ValidationContext.TrustedCa = File(RootsFileOf(tls));
            return context;
        }

        context.TlsCertificateSdsSecretConfigs.AddRange(names.Select(Credentials.Secret));
        if (!asksClient) return context;
        context.CombinedValidationContext = new()
        {
            DefaultValidationContext = Demands(tls),
            ValidationContextSdsSecretConfig =
                tls.CaCertCredentialName.Length > 0
                    ? Credentials.Secret(tls.CaCertCredentialName)
                    : Credentials.Roots(names[0]),
        };
        return context;
    }

    private static IEnumerable<TlsCertificate> FilesOf(ServerTls tls) => tls.TlsCertificates.IsEmpty
        ? [Certificate(tls.ServerCertificate, tls.PrivateKey)]
        : tls.TlsCertificates.Select(files => Certificate(files.ServerCertificate, files.PrivateKey));

    private static string RootsFileOf(ServerTls tls) => tls.CaCertificates.Length > 0
        ? tls.CaCertificates
        : tls.TlsCertificates.Select(files => files.CaCertificates).FirstOrDefault(file => file.Length > 0) ?? "";

    private static TlsCertificate Certificate(string chain, string key) =>
        new() { CertificateChain = File(chain), PrivateKey = File(key) };

    private static CertificateValidationContext Demands(ServerTls tls)
    {
        var context = new CertificateValidationContext();
        AddDemands(context, tls);
        if (tls.CaCrl.Length > 0) context.Crl = File(tls.CaCrl);
        return context;
    }

    private static void AddDemands(CertificateValidationContext context, ServerTls tls)
    {
        context.VerifyCertificateSpki.AddRange(tls.VerifyCertificateSpki);
        context.VerifyCertificateHash.AddRange(tls.VerifyCertificateHash);
        foreach (var name in tls.SubjectAltNames)
        {
            context.MatchTypedSubjectAltNames.Add(new SubjectAltNameMatcher
            {
                SanType = name.Contains("://", StringComparison.Ordinal)
                    ? SubjectAltNameMatcher.Types.SanType.Uri
                    : SubjectAltNameMatcher.Types.SanType.Dns,
                Matcher = new() { Exact = name },
            });
        }
    }

    private static TlsParameters Parameters(ServerTls tls) => new()
    {
        TlsMinimumProtocolVersion = Version(tls.MinProtocolVersion, TlsParameters.Types.TlsProtocol.Tlsv12),
        TlsMaximumProtocolVersion = Version(tls.MaxProtocolVersion, TlsParameters.Types.TlsProtocol.Tlsv13),
        CipherSuites = { tls.CipherSuites },
    };

    private static TlsParameters.Types.TlsProtocol Version(string text, TlsParameters.Types.TlsProtocol otherwise) =>
        text switch
        {
            "TLSV1_0" => TlsParameters.Types.TlsProtocol.Tlsv10,
            "TLSV1_1" => TlsParameters.Types.TlsProtocol.Tlsv11,
            "TLSV1_2" => TlsParameters.Types.TlsProtocol.Tlsv12,
            "TLSV1_3" => TlsParameters.Types.TlsProtocol.Tlsv13,
            _ => otherwise,
        };

    private static DataSource File(string path) => new() { Filename = path };
}
