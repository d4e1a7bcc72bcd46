using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Tls;
using Proto = MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>How a cluster's connections are secured.</summary>
internal static class UpstreamTlsReader
{
    private static readonly string TlsType = UpstreamTlsContext.Descriptor.FullName;

    public static UpstreamTlsModel Read(Proto.Cluster.Cluster cluster, FieldPath at)
    {
        if (cluster.TransportSocketMatches.Count == 0)
        {
            return Socket(cluster.TransportSocket, at.At("transport_socket"));
        }

        // Istio's pair: mesh TLS where the endpoint says so, plaintext elsewhere.
        var matches = at.At("transport_socket_matches");
        UpstreamTlsModel? mesh = null, other = null;
        foreach (var (i, match) in cluster.TransportSocketMatches.Index())
        {
            var socket = Socket(match.TransportSocket, matches.At(i).At("transport_socket"));
            var fields = match.Match?.Fields;
            if (fields is null or { Count: 0 }) other ??= socket;
            else if (fields.Count == 1 && fields.TryGetValue("tlsMode", out var mode) && mode.StringValue == "istio")
            {
                mesh ??= socket;
            }
            else throw new UnusableResourceException(
                matches.At(i).At("match"), "only tlsMode: istio, or nothing, is supported");
        }

        if (mesh is null) return other!;
        if (mesh.Mode is not UpstreamTlsMode.Mesh)
        {
            throw new UnusableResourceException(matches, "the socket for tlsMode: istio is not mesh TLS");
        }

        if (other is null || other.Mode is UpstreamTlsMode.Mesh) return mesh;
        return other.Mode is UpstreamTlsMode.Off
            ? mesh with { Mode = UpstreamTlsMode.AutoPerEndpoint }
            : throw new UnusableResourceException(
                matches, "the socket for other endpoints is neither plaintext nor mesh TLS");
    }

    private static UpstreamTlsModel Socket(TransportSocket? wrapped, FieldPath at)
    {
        var socket = ProxyHeaderReader.Inner(wrapped, at);
        if (socket?.TypedConfig is not { } any)
        {
            return socket is null || socket.Name == "envoy.transport_sockets.raw_buffer"
                ? UpstreamTlsModel.Off
                : throw new UnusableResourceException(at.At("typed_config"), "is required");
        }

        if (Google.Protobuf.WellKnownTypes.Any.GetTypeName(any.TypeUrl) == Proto.RawBuffer.RawBuffer.Descriptor.FullName)
        {
            return UpstreamTlsModel.Off;
        }

        var here = at.At("typed_config");
        return Tls(CoreReader.Unpack<UpstreamTlsContext>(any, here), here);
    }

    private static UpstreamTlsModel Tls(UpstreamTlsContext context, FieldPath at)
    {
        var common = context.CommonTlsContext ?? new CommonTlsContext();
        var here = at.At("common_tls_context");
        if (common.TlsCertificateProviderInstance is not null)
        {
            throw new UnusableResourceException(here.At("tls_certificate_provider_instance"), "is not supported");
        }

        var validation =
            common.CombinedValidationContext?.DefaultValidationContext
                ?? common.ValidationContext
                ?? new CertificateValidationContext();
        return common.TlsCertificateSdsSecretConfigs switch
        {
            [] => Simple(context, common, validation, here),
            [{ Name: SecretNames.Certificate }] => Mesh(context, common, validation, here),
            [var secret] => Simple(context, common, validation, here) with
            {
                Credential = SecretNames.CredentialOf(secret, here.At("tls_certificate_sds_secret_configs")),
            },
            _ => throw new UnusableResourceException(
                here.At("tls_certificate_sds_secret_configs"), "more than one is not supported"),
        };
    }

    private static UpstreamTlsModel Mesh(
        UpstreamTlsContext context, CommonTlsContext common, CertificateValidationContext validation, FieldPath at)
    {
        var roots =
            common.CombinedValidationContext?.ValidationContextSdsSecretConfig
                ?? common.ValidationContextSdsSecretConfig;
        if (roots?.Name != SecretNames.Roots)
        {
            throw new UnusableResourceException(
                at.At("validation_context_sds_secret_config"), $"must be '{SecretNames.Roots}'");
        }

        if (validation.TrustChainVerification is not CertificateValidationContext.Types.TrustChainVerification.VerifyTrustChain)
        {
            throw new UnusableResourceException(at.At("trust_chain_verification"), "must be VERIFY_TRUST_CHAIN");
        }

        var names = Names(validation, SubjectAltNameMatcher.Types.SanType.Uri, at);
        return new UpstreamTlsModel
        {
            Mode = UpstreamTlsMode.Mesh,
            Sni = context.Sni,
            AllowedSpiffeIds = names.ToFrozenSet(StringComparer.Ordinal),
            AllowsAnySpiffeId = names.IsEmpty, // the control plane names nobody where it means nobody
        };
    }

    private static UpstreamTlsModel Simple(
        UpstreamTlsContext context, CommonTlsContext common, CertificateValidationContext validation, FieldPath at)
    {
        var (certificate, key) = Files(common, at.At("tls_certificates"));
        var roots = validation.TrustedCa;
        var secret =
            common.CombinedValidationContext?.ValidationContextSdsSecretConfig
                ?? common.ValidationContextSdsSecretConfig;
        return new UpstreamTlsModel
        {
            Mode = UpstreamTlsMode.Simple,
            Sni = context.Sni,
            CertificateFile = certificate,
            PrivateKeyFile = key,
            RootsCredential = secret is null
                ? ""
                : SecretNames.CredentialOf(secret, at.At("validation_context_sds_secret_config")),
            RevokedFile = validation.Crl is { } crl ? File(crl, at.At("crl")) : "",
            RootsFile = roots is { HasFilename: true } ? File(roots, at.At("trusted_ca")) : "",
            RootsPem = roots is null or { HasFilename: true }
                ? []
                : [Encoding.ASCII.GetString(CoreReader.Inline(roots, at.At("trusted_ca")))],
            AllowedDnsNames = Names(validation, SubjectAltNameMatcher.Types.SanType.Dns, at, isOnly: false),
            AllowedUris = Names(validation, SubjectAltNameMatcher.Types.SanType.Uri, at, isOnly: false),
            SkipVerification = validation.TrustChainVerification
                is CertificateValidationContext.Types.TrustChainVerification.AcceptUntrusted,
        };
    }

    // Certificates of the operator's own are in files of this machine: a key never comes over the wire.
    private static (string Certificate, string Key) Files(CommonTlsContext common, FieldPath at)
    {
        if (common.TlsCertificates.Count == 0) return ("", "");
        if (common.TlsCertificates is not [var only])
        {
            throw new UnusableResourceException(at, $"has {common.TlsCertificates.Count} where one is supported");
        }

        return (
            File(only.CertificateChain, at.At(0).At("certificate_chain")),
            File(only.PrivateKey, at.At(0).At("private_key")));
    }

    private static string File(DataSource? source, FieldPath at) =>
        source is { HasFilename: true, Filename: { Length: > 0 } name } && System.IO.Path.IsPathFullyQualified(name)
            ? name
            : throw new UnusableResourceException(at, "must be the full name of a file");

    // Exact names only: whoever is accepted must be named.
    private static ImmutableArray<string> Names(
        CertificateValidationContext validation,
        SubjectAltNameMatcher.Types.SanType kind,
        FieldPath at,
        bool isOnly = true)
    {
        var names = ImmutableArray.CreateBuilder<string>();
        foreach (var (i, name) in validation.MatchTypedSubjectAltNames.Index())
        {
            var isOther = name.SanType
                is SubjectAltNameMatcher.Types.SanType.Dns or SubjectAltNameMatcher.Types.SanType.Uri;
            if (name.Matcher is not { HasExact: true } || (name.SanType != kind && (isOnly || !isOther)))
            {
                throw new UnusableResourceException(
                    at.At("match_typed_subject_alt_names").At(i), $"only an exact {kind} is supported");
            }

            if (name.SanType != kind) continue;
            names.Add(name.Matcher.Exact);
        }

        foreach (var (i, name) in validation.MatchSubjectAltNames.Index())
        {
            if (!name.HasExact)
            {
                throw new UnusableResourceException(
                    at.At("match_subject_alt_names").At(i), "only an exact name is supported");
            }

            if (kind is SubjectAltNameMatcher.Types.SanType.Dns || isOnly) names.Add(name.Exact);
        }

        return names.ToImmutable();
    }
}
