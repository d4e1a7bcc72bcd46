using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>Does a chain lead to one of these roots, and is it valid at this time?</summary>
internal static class ChainVerifier
{
    /// <returns>What is wrong, or null when nothing is.</returns>
    public static string? Problem(
        X509Certificate2 leaf, X509Certificate2Collection intermediates, X509Certificate2Collection roots, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        chain.ChainPolicy.ExtraStore.AddRange(intermediates);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // leaves live for hours; there is no list to ask
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        if (chain.Build(leaf)) return null;

        var status = chain.ChainStatus.Select(s => s.Status).Distinct().ToArray();
        if (status.Contains(X509ChainStatusFlags.NotTimeValid))
        {
            return $"it is valid from {Utc(leaf.NotBefore)} to {Utc(leaf.NotAfter)}, and this machine's clock says {now.UtcDateTime:u}";
        }

        X509ChainStatusFlags[] foreign =
            [X509ChainStatusFlags.PartialChain, X509ChainStatusFlags.UntrustedRoot, X509ChainStatusFlags.NotSignatureValid];
        return status.Intersect(foreign).Any()
            ? "it does not lead to a root of the trust bundle"
            : string.Join(", ", status);
    }

    private static string Utc(DateTime time) => time.ToUniversalTime().ToString("u");
}
