using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Tls;

/// <summary>Verifies peers by the bundles of an identity, and remembers those that were found good.</summary>
internal sealed class PeerVerifier(TimeProvider clock)
{
    private readonly VerdictCache _known = new(clock);

    /// <summary>The time by which peers are judged now.</summary>
    public DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>
    /// Why the bundles of an identity do not vouch for a peer as of another time; null when they do. Remembers nothing.
    /// </summary>
    public static string? FindFaultAt(
        DateTimeOffset time, X509Certificate2? leaf, X509Chain presented, TlsIdentity identity) =>
        PeerSvid.TryVerify(
            leaf, presented, identity.Roots.GetValueOrDefault, identity.Revoked.In, time, out _, out var problem)
            ? null
            : problem;

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
        if (!PeerSvid.TryVerify(
            leaf,
            presented,
            identity.Roots.GetValueOrDefault,
            identity.Revoked.In,
            clock.GetUtcNow(),
            out var proof,
            out var fault))
        {
            problem = fault;
            return null;
        }

        _known.Add(thumbprint, proof, identity);
        return proof.Id;
    }
}
