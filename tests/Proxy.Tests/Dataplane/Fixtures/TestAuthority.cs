using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Testing;

namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>A certificate authority of one trust domain, made for one test.</summary>
internal sealed class TestAuthority
{
    private readonly X509Certificate2 _root;

    public TestAuthority(string trustDomain = "cluster.local", string name = "root")
    {
        TrustDomain = TrustDomain.Parse(trustDomain);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name} of {trustDomain}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(10));
    }

    public TrustDomain TrustDomain { get; }

    public TrustBundle Bundle => new(TrustDomain, [_root.ExportCertificatePem()], 1, IsLocal: true);

    public string IdOf(string serviceAccount) => $"spiffe://{TrustDomain}/ns/app/sa/{serviceAccount}";

    public X509Certificate2 Issue(params string[] uris) => Issue(DateTimeOffset.UtcNow.AddHours(1), uris);

    public X509Certificate2 Issue(DateTimeOffset notAfter, params string[] uris)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var uri in uris) names.AddUri(new Uri(uri));
        return Issue("", notAfter, names.Build(critical: true));
    }

    /// <summary>An ordinary certificate of a server or client outside of the mesh.</summary>
    public X509Certificate2 IssueFor(string name, params string[] alternatives)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var alternative in alternatives.DefaultIfEmpty(name))
        {
            if (alternative.Contains("://", StringComparison.Ordinal)) names.AddUri(new Uri(alternative));
            else names.AddDnsName(alternative);
        }

        return Issue($"CN={name}", DateTimeOffset.UtcNow.AddHours(1), names.Build());
    }

    public string RootPem => _root.ExportCertificatePem();

    private X509Certificate2 Issue(string subject, DateTimeOffset notAfter, X509Extension names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        var serial = RandomNumberGenerator.GetBytes(12);
        using var certificate = request.Create(_root, DateTimeOffset.UtcNow.AddHours(-12), notAfter, serial);
        using var withKey = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null);
    }

    /// <summary>Certificates of this authority are revoked.</summary>
    public TrustBundle Revoking(params X509Certificate2[] certificates)
    {
        using var key = _root.GetECDsaPrivateKey()!;
        var now = DateTimeOffset.UtcNow;
        (X509Certificate2, X509RevocationReason?)[] all =
            [.. certificates.Select(c => (c, (X509RevocationReason?)X509RevocationReason.KeyCompromise))];
        return Bundle with { CrlsPem = [TestRevocations.Pem(_root, key, now, now.AddDays(1), all)] };
    }

    /// <summary>An identity signed here, with these roots for its own trust domain.</summary>
    public TlsIdentity IdentityUnder(string serviceAccount, params TestAuthority[] roots) => TlsIdentity.Create(
        Issue(IdOf(serviceAccount)), [], [Bundle with { RootsPem = [.. roots.Select(r => r.RootPem)] }]);

    public TlsIdentity Identity(string serviceAccount, params TestAuthority[] alsoTrusted) =>
        TlsIdentity.Create(Issue(IdOf(serviceAccount)), [], [Bundle, .. alsoTrusted.Select(a => a.Bundle)]);
}
