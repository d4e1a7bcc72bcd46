using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Tls;

/// <summary>Decides whether a peer's certificate proves a SPIFFE ID: by the roots of its own trust domain and no other.</summary>
/// <remarks>
/// Source: X509-SVID section 5, SPIFFE federation section 4. No revocation (SVIDs are short-lived), no name check
/// (identity is the URI), no downloads. Every error of the chain is fatal (CVE-2024-0057).
/// </remarks>
internal sealed class PeerVerifier(TimeProvider clock)
{
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";
    private const string AnyUsage = "2.5.29.37.0";

    private readonly VerdictCache _known = new(clock);

    /// <summary>Verifies without throwing.</summary>
    /// <param name="leaf">What the peer has presented.</param>
    /// <param name="presented">The chain of the handshake: its further certificates may lead to the root.</param>
    /// <param name="identity">Whose bundles decide.</param>
    /// <param name="problem">What is wrong, for the log; empty when nothing is.</param>
    /// <returns>The proved identity; null when there is none.</returns>
    public SpiffeId? Verify(X509Certificate2? leaf, X509Chain? presented, TlsIdentity identity, out string problem)
    {
        problem = "";
        if (leaf is null)
        {
            problem = "The peer has presented no certificate.";
            return null;
        }

        var thumbprint = leaf.GetCertHashString(HashAlgorithmName.SHA256);
        if (_known.Find(thumbprint, identity) is { } known) return known;
        if (!PeerSpiffeId.TryRead(leaf, out var id, out var unreadable))
        {
            problem = unreadable;
            return null;
        }

        if (!identity.Roots.TryGetValue(id.TrustDomain.Name, out var roots))
        {
            problem = $"The trust domain '{id.TrustDomain}' is not trusted.";
            return null;
        }

        using var chain = NewChain(presented, roots);
        problem = LeafProblem(leaf) ?? ChainProblem(leaf, chain) ?? "";
        if (problem.Length > 0) return null;
        _known.Add(thumbprint, leaf, chain, id, identity);
        return id;
    }

    private static string? LeafProblem(X509Certificate2 leaf)
    {
        foreach (var extension in leaf.Extensions)
        {
            switch (extension)
            {
                case X509BasicConstraintsExtension { CertificateAuthority: true }:
                    return "An authority's certificate is not an identity.";
                case X509KeyUsageExtension usage when !usage.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature):
                    return "The certificate's key may not sign.";
                case X509EnhancedKeyUsageExtension usage when !AllowsTls(usage):
                    return "The certificate is not for TLS.";
            }
        }

        return null;
    }

    private static bool AllowsTls(X509EnhancedKeyUsageExtension usage)
    {
        foreach (var oid in usage.EnhancedKeyUsages)
        {
            if (oid.Value is ServerAuth or ClientAuth or AnyUsage) return true;
        }

        return false;
    }

    private X509Chain NewChain(X509Chain? presented, X509Certificate2Collection roots)
    {
        var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = clock.GetUtcNow().UtcDateTime;
        if (presented is null) return chain;
        chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        foreach (var element in presented.ChainElements) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        return chain;
    }

    private static string? ChainProblem(X509Certificate2 leaf, X509Chain chain)
    {
        try
        {
            if (chain.Build(leaf)) return null;
            return chain.ChainStatus is [var first, ..] ? $"The chain is not valid: {first.Status}." : "The chain is not valid.";
        }
        catch (CryptographicException)
        {
            return "The chain cannot be built.";
        }
    }
}
