using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Identity;

/// <summary>
/// Makes the authority's own certificates: a root that is kept for ten years, and the intermediate it signs.
/// </summary>
internal static class AuthorityCertificates
{
    /// <summary>How far their validity starts before they are made.</summary>
    private static readonly TimeSpan _backdate = TimeSpan.FromHours(1);

    private const int RootYears = 10;
    private const int SignerYears = 1;

    /// <summary>A new root with a new signing certificate.</summary>
    public static AuthorityMaterial Create(TrustDomain domain, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request($"MeshOrleans root {domain}", domain, key, pathLength: 1);
        using var root = request.CreateSelfSigned(now - _backdate, now.AddYears(RootYears));
        return WithNewSigner(
            new AuthorityMaterial(root.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), "", ""), domain, now);
    }

    /// <summary>The same root with a new signing certificate and key.</summary>
    public static AuthorityMaterial WithNewSigner(AuthorityMaterial material, TrustDomain domain, DateTimeOffset now)
    {
        using var root = X509Certificate2.CreateFromPem(material.RootCertificate, material.RootKey);
        using var rootKey = root.GetECDsaPrivateKey() ?? throw new FormatException("The root's key is no EC key.");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request($"MeshOrleans signing {domain}", domain, key, pathLength: 0);
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
                root, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using var signer = request.Create(
            root.SubjectName,
            X509SignatureGenerator.CreateForECDsa(rootKey),
            Later(now - _backdate, root.NotBefore),
            Earlier(now.AddYears(SignerYears), root.NotAfter),
            NewSerial());
        return material with
        {
            SigningCertificate = signer.ExportCertificatePem(),
            SigningKey = key.ExportPkcs8PrivateKeyPem(),
        };
    }

    /// <summary>128 random bits, positive and of full length.</summary>
    public static byte[] NewSerial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x3F) | 0x40);
        return serial;
    }

    public static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    public static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static CertificateRequest Request(string name, TrustDomain domain, ECDsa key, int pathLength)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, pathLength, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(
            SubjectAlternativeNames.Of($"spiffe://{domain}").ToExtension(critical: false));
        return request;
    }
}
