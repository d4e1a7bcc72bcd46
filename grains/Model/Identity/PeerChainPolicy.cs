using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Model.Identity;

/// <summary>How the system builds the chain of a peer that nobody has judged yet.</summary>
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
}
