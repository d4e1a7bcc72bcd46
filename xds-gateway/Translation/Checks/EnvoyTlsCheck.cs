using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Tls;
using TrustChainVerification =
    MeshOrleans.Xds.Protocol.Tls.CertificateValidationContext.Types.TrustChainVerification;

namespace MeshOrleans.Xds.Translation.Checks;

/// <summary>Checks what is said about TLS to an Envoy that has its certificates in files.</summary>
internal static class EnvoyTlsCheck
{
    public static void Check(string where, CommonTlsContext tls, List<string> faults)
    {
        if (!SecretsOf(tls).All(IsInFile) || tls.TlsCertificateProviderInstance is not null)
        {
            faults.Add($"{where} waits for a secret that does not come.");
        }

        if (tls.AlpnProtocols.Any(p => p.Length is 0 or > 255))
        {
            faults.Add($"{where}: an ALPN of no or too great length.");
        }

        foreach (var certificate in tls.TlsCertificates)
        {
            if (!IsGiven(certificate.CertificateChain) || !IsGiven(certificate.PrivateKey))
            {
                faults.Add($"{where}: a certificate without chain or key.");
            }
        }

        if (tls.CombinedValidationContext is { } combined && combined.ValidationContextSdsSecretConfig is null)
        {
            faults.Add($"{where}: combined with nothing.");
        }

        CheckNames(where, tls.CombinedValidationContext?.DefaultValidationContext ?? tls.ValidationContext, faults);
        if (tls.ValidationContext is not { } validation) return;
        if (validation.CaCertificateProviderInstance is not null || validation.SystemRootCerts is not null)
        {
            faults.Add($"{where}: roots of a kind that Envoy does not know.");
        }

        if (validation.TrustedCa is { } roots && !IsGiven(roots)) faults.Add($"{where}: roots from nowhere.");
        if (validation.TrustedCa is null
            && validation.TrustChainVerification is TrustChainVerification.VerifyTrustChain)
        {
            faults.Add($"{where}: what the peer shows is checked by nothing.");
        }

        if (validation.MatchTypedSubjectAltNames.Count > 0 && validation.TrustedCa is null)
        {
            faults.Add($"{where}: names are checked where chains are not.");
        }
    }

    private static void CheckNames(string where, CertificateValidationContext? context, List<string> faults)
    {
        foreach (var name in context?.MatchTypedSubjectAltNames ?? [])
        {
            if (name.SanType is SubjectAltNameMatcher.Types.SanType.Unspecified || name.Matcher is null)
            {
                faults.Add($"{where}: a name of no kind.");
            }
        }
    }

    private static IEnumerable<SdsSecretConfig> SecretsOf(CommonTlsContext tls) =>
        tls.TlsCertificateSdsSecretConfigs
            .Append(tls.CombinedValidationContext?.ValidationContextSdsSecretConfig)
            .Append(tls.ValidationContextSdsSecretConfig)
            .OfType<SdsSecretConfig>();

    private static bool IsInFile(SdsSecretConfig secret) =>
        secret is { Name.Length: > 0, SdsConfig.PathConfigSource.Path.Length: > 0 }
        && secret.SdsConfig.ResourceApiVersion is ApiVersion.V3;

    private static bool IsGiven(DataSource? source) => source?.SpecifierCase switch
    {
        DataSource.SpecifierOneofCase.Filename => source.Filename.Length > 0,
        DataSource.SpecifierOneofCase.InlineBytes => !source.InlineBytes.IsEmpty,
        DataSource.SpecifierOneofCase.InlineString => source.InlineString.Length > 0,
        _ => false,
    };
}
