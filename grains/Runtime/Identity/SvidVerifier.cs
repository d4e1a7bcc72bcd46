using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Identity;

/// <summary>Checks a certificate before it is handed out, as the strictest peer would.</summary>
/// <remarks>Source: SPIFFE X509-SVID sections 2, 4 and 5; RFC 5280.</remarks>
internal static class SvidVerifier
{
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    /// <summary>What is wrong with it; null when nothing is.</summary>
    /// <param name="leaf">The certificate.</param>
    /// <param name="issuers">The certificate that signed it, and what leads from there to the root.</param>
    /// <param name="root">The only root that counts.</param>
    /// <param name="expected">Whose it must be.</param>
    /// <param name="key">The key that it must be for.</param>
    /// <param name="now">The time at which it must be valid.</param>
    public static string? FindFault(
        X509Certificate2 leaf,
        X509Certificate2Collection issuers,
        X509Certificate2 root,
        SpiffeId expected,
        PublicKey key,
        DateTimeOffset now) =>
        FindNameFault(leaf, expected)
        ?? (leaf.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo())
            ? null
            : "it certifies another key")
        ?? FindUsageFault(leaf)
        ?? FindChainFault(leaf, issuers, root, now);

    private static string? FindNameFault(X509Certificate2 leaf, SpiffeId expected)
    {
        if (SubjectAlternativeNames.Read(leaf) is not { } names) return "it has no readable names";
        return names.Uris is [var uri] && uri == expected.ToString() ? null : $"its one URI is not {expected}";
    }

    private static string? FindUsageFault(X509Certificate2 leaf)
    {
        var constraints = leaf.Extensions.OfType<X509BasicConstraintsExtension>().SingleOrDefault();
        if (constraints is not { CertificateAuthority: false }) return "it may act as an authority";
        var usage = leaf.Extensions.OfType<X509KeyUsageExtension>().SingleOrDefault();
        if (usage is not { KeyUsages: X509KeyUsageFlags.DigitalSignature, Critical: true })
        {
            return "its key usage is not digitalSignature alone";
        }

        var purposes = leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>()
            .SelectMany(e => e.EnhancedKeyUsages.Cast<Oid>())
            .Select(purpose => purpose.Value)
            .Order(StringComparer.Ordinal);
        return purposes.SequenceEqual([ServerAuth, ClientAuth])
            ? null
            : "it is not for server and client authentication alone";
    }

    private static string? FindChainFault(
        X509Certificate2 leaf, X509Certificate2Collection issuers, X509Certificate2 root, DateTimeOffset now)
    {
        using var chain = new X509Chain { ChainPolicy = PeerChainPolicy.Under([root], issuers, now) };
        try
        {
            return chain.Build(leaf)
                ? null
                : $"its chain is not valid: {string.Join(", ", chain.ChainStatus.Select(s => s.Status))}";
        }
        finally
        {
            foreach (var element in chain.ChainElements) element.Certificate.Dispose();
        }
    }
}
