using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Grains.Federation;

/// <summary>What the roots of a foreign trust domain must be.</summary>
internal static class RootRules
{
    private const int MaxRoots = 16;
    private const int MaxPem = 16 * 1024;

    /// <summary>What is wrong with them; null when nothing is. Does not throw: they come from the other mesh.</summary>
    public static string? WhyNot(ImmutableArray<string> rootsPem)
    {
        if (rootsPem.IsDefaultOrEmpty) return "There is no root certificate.";
        if (rootsPem.Length > MaxRoots) return $"There are more than {MaxRoots} root certificates.";
        return rootsPem.All(IsAuthority)
            ? null
            : "A root is no PEM certificate of an authority, or is not alone in its text.";
    }

    private static bool IsAuthority(string pem)
    {
        if (pem is null || pem.Length > MaxPem) return false;
        try
        {
            if (!PemEncoding.TryFind(pem, out var fields) || !pem.AsSpan()[fields.Label].SequenceEqual("CERTIFICATE"))
            {
                return false;
            }

            if (!pem.AsSpan()[fields.Location.End..].IsWhiteSpace()) return false;
            using var certificate = X509Certificate2.CreateFromPem(pem);
            return certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(c => c.CertificateAuthority);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
