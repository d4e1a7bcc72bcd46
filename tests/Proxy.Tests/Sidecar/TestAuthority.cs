using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>A certificate authority of one trust domain, for tests.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly TimeProvider _clock;

    public TestAuthority(TimeProvider clock, string trustDomain = "cluster.local")
    {
        (_clock, Domain) = (clock, TrustDomain.Parse(trustDomain));
        var request = new CertificateRequest("CN=root of " + trustDomain, _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        Root = request.CreateSelfSigned(clock.GetUtcNow().AddDays(-1), clock.GetUtcNow().AddYears(10));
    }

    public TrustDomain Domain { get; }

    public X509Certificate2 Root { get; }

    public string RootPem => Root.ExportCertificatePem() + "\n";

    public TrustBundle Bundle => new(Domain, [RootPem], 1, IsLocal: true);

    /// <summary>Signs the public key of a PKCS#10 request for an identity, whatever the request claims.</summary>
    public string Sign(byte[] request, string spiffeId, TimeSpan? lifetime = null)
    {
        var asked = CertificateRequest.LoadSigningRequest(request, HashAlgorithmName.SHA256);
        return Issue(
            asked.PublicKey, spiffeId, lifetime ?? TimeSpan.FromHours(24)).ExportCertificatePem() + "\n" + RootPem;
    }

    /// <summary>A certificate with its key, e.g. for a server.</summary>
    public X509Certificate2 Issue(string spiffeId)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Issue(new PublicKey(key), spiffeId, TimeSpan.FromDays(30));
        return certificate.CopyWithPrivateKey(key);
    }

    public void Dispose()
    {
        _key.Dispose();
        Root.Dispose();
    }

    private X509Certificate2 Issue(PublicKey key, string spiffeId, TimeSpan lifetime)
    {
        var now = _clock.GetUtcNow();
        var request = new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(spiffeId));
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build(critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F;
        return request.Create(
            Root.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), now.AddMinutes(-5), now + lifetime, serial);
    }
}
