using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane.Tls;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>The SPIFFE ID of a certificate, read exactly as the data plane reads a peer's.</summary>
internal static class CertificateId
{
    public static bool TryRead(
        X509Certificate2 certificate, [NotNullWhen(true)] out SpiffeId? id, [NotNullWhen(false)] out string? problem)
    {
        if (PeerSpiffeId.TryRead(certificate, out id, out problem)) return true;
        problem = char.ToLowerInvariant(problem[0]) + problem[1..].TrimEnd('.');
        return false;
    }
}
