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
    public static AuthorityMaterial Create(
        TrustDomain domain, DateTimeOffset now, AuthorityKeyType type = AuthorityKeyType.P256)
    {
        using var key = IssuerKey.New(type);
        var request = Request($"MeshOrleans root {domain}", domain, key.Generator.PublicKey, key.Hash, pathLength: 1);
        using var root = request.Create(
            request.SubjectName, key.Generator, now - _backdate, now.AddYears(RootYears), NewSerial());
        var unsigned = new AuthorityMaterial(root.ExportCertificatePem(), key.ToPem(), "", SecretText.Empty);
        return WithNewSigner(unsigned, domain, now, type);
    }

    /// <summary>The same root with a new signing certificate and key.</summary>
    public static AuthorityMaterial WithNewSigner(
        AuthorityMaterial material, TrustDomain domain, DateTimeOffset now, AuthorityKeyType type = AuthorityKeyType.P256)
    {
        using var root = X509Certificate2.CreateFromPem(material.RootCertificate);
        using var rootKey = IssuerKey.Of(material.RootCertificate, material.RootKey);
        using var key = IssuerKey.New(type);
        var request = Request(
            $"MeshOrleans signing {domain}", domain, key.Generator.PublicKey, rootKey.Hash, pathLength: 0);
        using var signer = Certify(request, root, rootKey, now, now.AddYears(SignerYears));
        return material with { SigningCertificate = signer.ExportCertificatePem(), SigningKey = key.ToPem() };
    }

    /// <summary>
    /// The next authority with a <see cref="AuthorityMaterial.Link"/> to the one before it; without one where that cannot
    /// be: the former root's key is not here, or the two have different names.
    /// </summary>
    /// <remarks>
    /// Source: RFC 4210 section 4.4 (NewWithOld). As both have one name the link is self-issued, which path length
    /// constraints do not count (RFC 5280 section 4.2.1.9).
    /// </remarks>
    public static AuthorityMaterial LinkedTo(
        AuthorityMaterial former, AuthorityMaterial next, TrustDomain domain, DateTimeOffset now)
    {
        using var old = X509Certificate2.CreateFromPem(former.RootCertificate);
        using var root = X509Certificate2.CreateFromPem(next.RootCertificate);
        var isOneName = old.SubjectName.RawData.AsSpan().SequenceEqual(root.SubjectName.RawData);
        if (former.RootKey.Length == 0 || !isOneName) return next with { Link = "" };
        using var oldKey = IssuerKey.Of(former.RootCertificate, former.RootKey);
        var request = Request(root.SubjectName, domain, root.PublicKey, oldKey.Hash, pathLength: 1);
        using var link = Certify(request, old, oldKey, now, root.NotAfter);
        return next with { Link = link.ExportCertificatePem() };
    }

    /// <summary>The end of an authority: its signing certificate, what is above that, or its root, whichever is first.</summary>
    public static DateTimeOffset EndOf(AuthorityMaterial material)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(material.SigningCertificate);
        chain.ImportFromPem(material.RootCertificate);
        if (material.Intermediates.Length > 0) chain.ImportFromPem(material.Intermediates);
        var end = chain.Min(one => one.NotAfter.ToUniversalTime());
        foreach (var one in chain) one.Dispose();
        return end;
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

    private static X509Certificate2 Certify(
        CertificateRequest request, X509Certificate2 root, IssuerKey rootKey, DateTimeOffset now, DateTimeOffset until)
    {
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
                root, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        return request.Create(
            root.SubjectName,
            rootKey.Generator,
            Later(now - _backdate, root.NotBefore),
            Earlier(until, root.NotAfter),
            NewSerial());
    }

    private static CertificateRequest Request(
        string name, TrustDomain domain, PublicKey key, HashAlgorithmName hash, int pathLength)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        return Request(subject.Build(), domain, key, hash, pathLength);
    }

    private static CertificateRequest Request(
        X500DistinguishedName subject, TrustDomain domain, PublicKey key, HashAlgorithmName hash, int pathLength)
    {
        var request = new CertificateRequest(subject, key, hash);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, pathLength, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(
            SubjectAlternativeNames.Of($"spiffe://{domain}").ToExtension(critical: false));
        return request;
    }
}
