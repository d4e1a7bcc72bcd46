using System.Collections.Immutable;
using System.Security.Authentication;
using System.Security.Cryptography;
using Google.Protobuf;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Tls;
using TlsProtocol = MeshOrleans.Xds.Protocol.Tls.TlsParameters.Types.TlsProtocol;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>How an edge chain ends TLS.</summary>
/// <remarks>
/// Secrets of the form <c>kubernetes://NAME</c>, as istiod names those that a Gateway's <c>credentialName</c> asks for,
/// are not asked of the control plane, which has no keys: they are credentials of this machine.
/// </remarks>
internal static class EdgeTlsReader
{
    public static EdgeTlsModel Read(TransportSocket socket, bool isHttp, FieldPath at)
    {
        var context = CoreReader.Unpack<DownstreamTlsContext>(
            socket.TypedConfig ?? throw new UnusableResourceException(at, "has no typed_config"), at);
        var common = context.CommonTlsContext
            ?? throw new UnusableResourceException(at.At("common_tls_context"), "is required");
        var here = at.At("common_tls_context");
        var isMesh = common.TlsCertificateSdsSecretConfigs is [{ Name: SecretNames.Certificate }];
        var roots = common.CombinedValidationContext?.ValidationContextSdsSecretConfig
            ?? common.ValidationContextSdsSecretConfig;
        var demands = common.CombinedValidationContext?.DefaultValidationContext ?? common.ValidationContext;
        if (isMesh && (roots?.Name != SecretNames.Roots || context.RequireClientCertificate is not true))
        {
            throw new UnusableResourceException(
                here, $"with '{SecretNames.Certificate}' clients must show a certificate under '{SecretNames.Roots}'");
        }

        var rootsName = isMesh ? null : RootsOf(roots, demands, here);
        if (context.RequireClientCertificate is true && !isMesh && rootsName is null)
        {
            throw new UnusableResourceException(here, "clients must show a certificate that nothing is checked by");
        }

        return new EdgeTlsModel
        {
            Key = Convert.ToHexString(SHA256.HashData(socket.ToByteArray())),
            IsMesh = isMesh,
            Certificates = isMesh ? [] : CertificatesOf(common, here),
            Roots = rootsName,
            Demand = context.RequireClientCertificate is true ? ClientCertificateDemand.Required
                : rootsName is not null ? ClientCertificateDemand.Optional
                : ClientCertificateDemand.None,
            AllowedNames = NamesOf(demands, here),
            AllowedKeys = [.. demands?.VerifyCertificateSpki ?? []],
            AllowedHashes =
            [
                .. (demands?.VerifyCertificateHash ?? [])
                    .Select(hash => hash.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant()),
            ],
            Protocols = ProtocolsOf(common.TlsParams, here.At("tls_params")),
            IsHttp = isHttp,
        };
    }

    private static ImmutableArray<EdgeCertificateName> CertificatesOf(CommonTlsContext common, FieldPath at)
    {
        ImmutableArray<EdgeCertificateName> names =
        [
            .. common.TlsCertificateSdsSecretConfigs.Select(secret => new EdgeCertificateName(
                SecretNames.CredentialOf(secret, at.At("tls_certificate_sds_secret_configs")))),
            .. common.TlsCertificates.Select(files => new EdgeCertificateName(
                "",
                FileOf(files.CertificateChain, at.At("tls_certificates")),
                FileOf(files.PrivateKey, at.At("tls_certificates")))),
        ];
        return names.IsEmpty ? throw new UnusableResourceException(at, "has no certificate") : names;
    }

    private static EdgeRootsName? RootsOf(SdsSecretConfig? secret, CertificateValidationContext? demands, FieldPath at)
    {
        var revoked = demands?.Crl is { } crl ? FileOf(crl, at.At("crl")) : "";
        if (secret is not null)
        {
            return new EdgeRootsName(
                SecretNames.CredentialOf(secret, at.At("validation_context_sds_secret_config")), RevokedFile: revoked);
        }

        return demands?.TrustedCa is { } file
            ? new EdgeRootsName("", FileOf(file, at.At("trusted_ca")), revoked)
            : null;
    }

    private static string FileOf(DataSource? source, FieldPath at) =>
        source is { HasFilename: true, Filename.Length: > 0 }
        ? source.Filename
        : throw new UnusableResourceException(at, "must be a file of this machine");

    // Exact names only: whoever is accepted must be named.
    private static ImmutableArray<string> NamesOf(CertificateValidationContext? demands, FieldPath at) =>
    [
        .. (demands?.MatchTypedSubjectAltNames ?? []).Select(name => name.Matcher is { HasExact: true }
            ? name.Matcher.Exact
            : throw new UnusableResourceException(
                at.At("match_typed_subject_alt_names"), "only an exact name is supported")),
    ];

    // What is older than TLS 1.2 is not spoken, whoever asks for it.
    private static SslProtocols ProtocolsOf(TlsParameters? parameters, FieldPath at)
    {
        var least = parameters?.TlsMinimumProtocolVersion ?? TlsProtocol.TlsAuto;
        var most = parameters?.TlsMaximumProtocolVersion ?? TlsProtocol.TlsAuto;
        var protocols = SslProtocols.None;
        if (least is not TlsProtocol.Tlsv13 && most is TlsProtocol.TlsAuto or TlsProtocol.Tlsv12 or TlsProtocol.Tlsv13)
        {
            protocols |= SslProtocols.Tls12;
        }

        if (most is TlsProtocol.TlsAuto or TlsProtocol.Tlsv13) protocols |= SslProtocols.Tls13;
        return protocols is SslProtocols.None
            ? throw new UnusableResourceException(at, $"neither TLS 1.2 nor TLS 1.3 is from {least} to {most}")
            : protocols;
    }
}
