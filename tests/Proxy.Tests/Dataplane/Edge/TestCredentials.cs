using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Proxy.Dataplane.Edge;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Tests.Dataplane.Edge;

/// <summary>Credentials that a test puts in place and takes away.</summary>
internal sealed class TestCredentials : IEdgeCredentials
{
    private readonly ConcurrentDictionary<string, SslStreamCertificateContext> _certificates = new();
    private readonly ConcurrentDictionary<string, X509Certificate2Collection> _roots = new();

    public void Put(string name, X509Certificate2 certificate) =>
        _certificates[name] = SslStreamCertificateContext.Create(certificate, [], offline: true);

    public void PutRoots(string name, EdgeAuthority authority) => _roots[name] = [authority.Root];

    public SslStreamCertificateContext? FindCertificate(EdgeCertificateName name) => _certificates.GetValueOrDefault(name.Credential);

    public X509Certificate2Collection? FindRoots(EdgeRootsName name) => _roots.GetValueOrDefault(name.Credential);
}
