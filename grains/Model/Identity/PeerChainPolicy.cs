using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Model.Identity;

/// <summary>How the system builds the chain of a certificate that nobody has judged yet.</summary>
public static class PeerChainPolicy
{
    /// <summary>
    /// By what the peer has shown and this machine holds. Without it the system fetches the issuers that a certificate names
    /// from wherever that says, before anything in it is believed.
    /// </summary>
    public static X509ChainPolicy Offline() => new()
    {
        DisableCertificateDownloads = true,
        RevocationMode = X509RevocationMode.NoCheck,
    };

    /// <summary>Offline, under certain roots and no others, at the time at which it is judged.</summary>
    /// <param name="roots">What is trusted.</param>
    public static X509ChainPolicy Under(X509Certificate2Collection roots)
    {
        var policy = Offline();
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(roots);
        return policy;
    }

    /// <summary>Offline, under certain roots and no others.</summary>
    /// <param name="roots">What is trusted.</param>
    /// <param name="between">What may lead to them; nothing of it is trusted.</param>
    /// <param name="now">The time at which everything must be valid.</param>
    public static X509ChainPolicy Under(
        X509Certificate2Collection roots, X509Certificate2Collection between, DateTimeOffset now)
    {
        var policy = Under(roots);
        policy.ExtraStore.AddRange(between);
        policy.VerificationTimeIgnored = false;
        policy.VerificationTime = now.UtcDateTime;
        return policy;
    }
}
