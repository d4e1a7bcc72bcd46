using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>
/// Does a certificate prove an identity of the own trust domain? Checked exactly as a peer is checked.
/// </summary>
internal static class CertificateCheck
{
    /// <param name="leaf">The certificate.</param>
    /// <param name="presented">Whose further certificates may lead to the root; null when there are none.</param>
    /// <param name="trust">Whose own roots count; those of federated domains do not.</param>
    /// <param name="now">The time at which everything must be valid.</param>
    /// <param name="id">The proved identity; null when there is none.</param>
    /// <returns>What is wrong, to go on a sentence with, or null when nothing is.</returns>
    public static string? FindFault(
        X509Certificate2 leaf, X509Chain? presented, Trust trust, DateTimeOffset now, out SpiffeId? id)
    {
        var isProved = PeerSvid.TryVerify(
            leaf,
            presented,
            domain => domain == trust.Own.Name ? trust.OwnRoots : null,
            trust.Revoked,
            now,
            out var proof,
            out var fault);
        id = proof?.Id;
        return isProved ? null : char.ToLowerInvariant(fault![0]) + fault[1..].TrimEnd('.');
    }
}
