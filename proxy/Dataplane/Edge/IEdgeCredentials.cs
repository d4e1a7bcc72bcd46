using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>
/// The certificates that a gateway has on its own machine. Asked in every handshake; may change at any time.
/// </summary>
public interface IEdgeCredentials
{
    /// <summary>The certificate of a name; null while there is none that can be used.</summary>
    SslStreamCertificateContext? FindCertificate(EdgeCertificateName name);

    /// <summary>The roots of a name; null while there are none that can be used.</summary>
    X509Certificate2Collection? FindRoots(EdgeRootsName name);
}
