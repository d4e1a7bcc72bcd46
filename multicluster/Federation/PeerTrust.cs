using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Multicluster.Federation;

/// <summary>
/// Decides whether the server at the other end is the control plane of the mesh we linked: its certificate must prove
/// that mesh's control-plane identity by that mesh's own roots. DNS names do not count.
/// </summary>
internal sealed class PeerTrust
{
    private readonly X509Certificate2Collection _roots = [];
    private readonly SpiffeId _controlPlane;
    private readonly RevokedCertificates _revoked;
    private readonly TimeProvider _clock;

    /// <exception cref="PeerException">The peer's roots or trust domain cannot be read.</exception>
    public PeerTrust(
        string trustDomain, ImmutableArray<string> roots, RevokedCertificates revoked, TimeProvider clock)
    {
        (_revoked, _clock) = (revoked, clock);
        if (!TrustDomain.TryParse(trustDomain, out var domain))
        {
            throw new PeerException($"'{trustDomain}' is not a trust domain.");
        }

        _controlPlane = ControlPlaneIdentity.Of(domain);
        try
        {
            foreach (var pem in roots) _roots.ImportFromPem(pem);
        }
        catch (System.Security.Cryptography.CryptographicException exception)
        {
            throw new PeerException($"The roots of '{trustDomain}' are not PEM certificates.", exception);
        }
    }

    /// <summary>For the TLS handshake.</summary>
    public bool Accepts(X509Certificate? certificate, X509Chain? presented) =>
        PeerSvid.TryVerify(
            certificate as X509Certificate2,
            presented,
            domain => domain == _controlPlane.TrustDomain.Name ? _roots : null,
            _revoked,
            _clock.GetUtcNow(),
            out var proof,
            out _)
        && proof.Id == _controlPlane;
}
