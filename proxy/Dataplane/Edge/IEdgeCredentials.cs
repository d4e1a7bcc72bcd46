using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>
/// The certificates that a gateway has on its own machine. Asked in every handshake; may change at any time.
/// </summary>
public interface IEdgeCredentials
{
    /// <summary>Raised when roots, or what is revoked of them, are others than before.</summary>
    event Action? RootsChanged;

    /// <summary>The certificate of a name; null while there is none that can be used.</summary>
    SslStreamCertificateContext? FindCertificate(EdgeCertificateName name);

    /// <summary>The roots of a name; null while there are none that can be used.</summary>
    EdgeRoots? FindRoots(EdgeRootsName name);
}

/// <summary>What clients are checked by.</summary>
/// <param name="Roots">The roots that their certificates must lead to.</param>
/// <param name="Revoked">Certificates that are no longer good, by issuer (DER, as hex) and serial number.</param>
public sealed record EdgeRoots(X509Certificate2Collection Roots, IReadOnlySet<(string Issuer, string Serial)> Revoked);
