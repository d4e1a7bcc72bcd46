using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>The trust bundles of this sidecar: its own domain's, and those of federated ones.</summary>
internal sealed class Trust
{
    private readonly string _revoked;

    private Trust(TrustDomain own, ImmutableArray<TrustBundle> bundles)
    {
        Own = own;
        Bundles = bundles;
        var bundle = bundles.Single(b => b.TrustDomain == own);
        OwnRoots = Import(bundle);
        Revoked = RevokedCertificates.Of(bundle);
        _revoked = RevokedByDomain.Of(bundles).Fingerprint;
    }

    public TrustDomain Own { get; }

    public ImmutableArray<TrustBundle> Bundles { get; }

    public X509Certificate2Collection OwnRoots { get; }

    /// <summary>What authorities of the own domain have revoked.</summary>
    public RevokedCertificates Revoked { get; }

    /// <summary>Checks every bundle before any of them is used.</summary>
    /// <returns>What is wrong, or null; then <paramref name="trust"/> is set.</returns>
    public static string? TryCreate(TrustDomain own, ImmutableArray<TrustBundle> bundles, out Trust? trust)
    {
        trust = null;
        if (bundles.Count(b => b.TrustDomain == own) != 1)
        {
            return $"there is no bundle, or more than one, of the own trust domain '{own}'";
        }

        foreach (var bundle in bundles)
        {
            if (bundles.Count(b => b.TrustDomain == bundle.TrustDomain) > 1)
            {
                return $"trust domain '{bundle.TrustDomain}' has two bundles";
            }

            try
            {
                if (Import(bundle).Count == 0) return $"the bundle of '{bundle.TrustDomain}' has no root";
            }
            catch (CryptographicException)
            {
                return $"the bundle of '{bundle.TrustDomain}' has a root that is no certificate";
            }
        }

        trust = new Trust(own, bundles);
        return null;
    }

    /// <summary>True when both hold the same roots for the same domains, and the same is revoked.</summary>
    public bool Equivalent(Trust other) =>
        Own == other.Own && _revoked == other._revoked && Fingerprint() == other.Fingerprint();

    /// <exception cref="CryptographicException">
    /// A root is no certificate; of a bundle in here that cannot be.
    /// </exception>
    public static X509Certificate2Collection Import(TrustBundle bundle)
    {
        var roots = new X509Certificate2Collection();
        foreach (var pem in bundle.RootsPem) roots.ImportFromPem(pem);
        return roots;
    }

    private string Fingerprint() => string.Join(' ', Bundles
        .SelectMany(b => Import(b).Select(r => $"{b.TrustDomain}:{r.GetCertHashString(HashAlgorithmName.SHA256)}"))
        .Order(StringComparer.Ordinal));
}
