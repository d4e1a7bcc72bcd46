using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of TLS on either side.</summary>
internal static class TlsRules
{
    private static readonly string[] Versions = ["TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"]; // oldest first

    public static void CheckClient(ClientTls? tls, FieldPath path, RuleReport report)
    {
        if (tls is null) return;
        CheckNames(
            path,
            report,
            ("clientCertificate", tls.ClientCertificate),
            ("privateKey", tls.PrivateKey),
            ("caCertificates", tls.CaCertificates),
            ("caCrl", tls.CaCrl));
        var files = tls.ClientCertificate.Length + tls.PrivateKey.Length + tls.CaCertificates.Length + tls.CaCrl.Length > 0;
        if (tls.CredentialName.Length > 0 && files)
        {
            report.Error(
                path,
                "cannot specify client certificates, private key, CA certificates or CRL if credentialName is set");
        }

        if (tls.Mode == ClientTlsMode.Mutual && tls.CredentialName.Length == 0)
        {
            report.ErrorIf(tls.ClientCertificate.Length == 0, path, "client certificate required for mutual tls");
            report.ErrorIf(tls.PrivateKey.Length == 0, path, "private key required for mutual tls");
        }

        report.ErrorIf(
            tls.Mode == ClientTlsMode.IstioMutual && tls.CredentialName.Length > 0,
            path.At("credentialName"),
            "ISTIO_MUTUAL TLS cannot have associated credentialName");
    }

    public static void CheckServer(ServerTls tls, FieldPath path, RuleReport report)
    {
        var mode = tls.EffectiveMode;
        CheckVersions(tls, path, report);
        CheckNames(
            path,
            report,
            ("serverCertificate", tls.ServerCertificate),
            ("privateKey", tls.PrivateKey),
            ("caCertificates", tls.CaCertificates),
            ("caCrl", tls.CaCrl));
        foreach (var (i, pair) in tls.TlsCertificates.Index())
        {
            CheckNames(
                path.At("tlsCertificates").At(i),
                report,
                ("serverCertificate", pair.ServerCertificate),
                ("privateKey", pair.PrivateKey),
                ("caCertificates", pair.CaCertificates));
        }

        if (mode == ServerTlsMode.IstioMutual)
        {
            CheckIstioMutual(tls, path, report);
            return;
        }

        var sources = (tls.CredentialName.Length > 0 ? 1 : 0) + (tls.CredentialNames.IsEmpty ? 0 : 1)
            + (tls.ServerCertificate.Length > 0 ? 1 : 0) + (tls.TlsCertificates.IsEmpty ? 0 : 1);
        report.ErrorIf(
            sources > 1,
            path,
            "only one of credential_name, credential_names, server_certificate, tls_certificates should be specified");
        if (mode is ServerTlsMode.Passthrough or ServerTlsMode.AutoPassthrough)
        {
            if (sources == 0) return;
            report.NotActedOn(
                path,
                tls.Mode is null
                    ? "a certificate without mode, which then is PASSTHROUGH (write mode: SIMPLE for TLS that ends here),"
                    : "a certificate, which PASSTHROUGH does not use,");
            return;
        }

        var name = EnumName(mode);
        var hasSecret = tls.CredentialName.Length > 0 || !tls.CredentialNames.IsEmpty;
        if (!hasSecret && tls.TlsCertificates.IsEmpty)
        {
            report.ErrorIf(tls.ServerCertificate.Length == 0, path, $"{name} TLS requires a server certificate");
            report.ErrorIf(tls.PrivateKey.Length == 0, path, $"{name} TLS requires a private key");
        }

        if (mode is ServerTlsMode.Mutual or ServerTlsMode.OptionalMutual && !hasSecret
            && tls.CaCertificates.Length == 0 && tls.CaCertCredentialName.Length == 0)
        {
            report.Error(path, $"{name} TLS requires a client CA bundle");
        }
    }

    /// <summary>
    /// Whether something is what should be in the file that is to be named, as PEM or as base64 of it. It may be a private
    /// key, so it is repeated to nobody.
    /// </summary>
    public static bool IsContent(string file) =>
        file.Contains("-----", StringComparison.Ordinal)
        || file.Contains('\n', StringComparison.Ordinal)
        || file.StartsWith("LS0tLS1", StringComparison.Ordinal);

    // accepted, a key would be kept with every revision, shown to every viewer and told to every proxy
    private static void CheckNames(
        FieldPath path, RuleReport report, params ReadOnlySpan<(string Name, string File)> files)
    {
        foreach (var (name, file) in files)
        {
            report.ErrorIf(IsContent(file), path.At(name), "must be the name of a file, and not what is in it");
        }
    }

    private static void CheckIstioMutual(ServerTls tls, FieldPath path, RuleReport report)
    {
        report.ErrorIf(
            tls.CredentialName.Length > 0 || !tls.CredentialNames.IsEmpty,
            path.At("credentialName"),
            "ISTIO_MUTUAL TLS cannot have associated credentialName");
        report.ErrorIf(
            tls.ServerCertificate.Length > 0,
            path.At("serverCertificate"),
            "ISTIO_MUTUAL TLS cannot have associated server certificate");
        report.ErrorIf(
            tls.PrivateKey.Length > 0,
            path.At("privateKey"),
            "ISTIO_MUTUAL TLS cannot have associated private key");
        report.ErrorIf(
            tls.CaCertificates.Length > 0, path.At("caCertificates"), "ISTIO_MUTUAL TLS cannot have associated CA bundle");
    }

    private static void CheckVersions(ServerTls tls, FieldPath path, RuleReport report)
    {
        foreach (var (field, version) in new[] { ("minProtocolVersion", tls.MinProtocolVersion), ("maxProtocolVersion", tls.MaxProtocolVersion) })
        {
            if (!IsAny(version) && !Versions.Contains(version)) report.Error(path.At(field), $"invalid TLS version \"{version}\"");
        }

        if (IsAny(tls.MinProtocolVersion) || IsAny(tls.MaxProtocolVersion)) return;
        report.ErrorIf(
            Array.IndexOf(Versions, tls.MinProtocolVersion) > Array.IndexOf(Versions, tls.MaxProtocolVersion),
            path.At("maxProtocolVersion"),
            $"no TLS version is from {tls.MinProtocolVersion} to {tls.MaxProtocolVersion}");
    }

    private static bool IsAny(string version) => version is "" or "TLS_AUTO";

    private static string EnumName(ServerTlsMode mode) => mode switch
    {
        ServerTlsMode.Mutual => "MUTUAL",
        ServerTlsMode.OptionalMutual => "OPTIONAL_MUTUAL",
        _ => "SIMPLE",
    };
}
