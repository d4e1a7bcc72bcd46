using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Tests.Identity;

public sealed class SvidVerifierTests : IDisposable
{
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly TrustDomain _domain = TrustDomain.Parse("cluster.local");
    private static readonly SpiffeId _cart = SpiffeId.ForWorkload(_domain, "shop", "cart");

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _signer;

    public SvidVerifierTests()
    {
        var material = AuthorityCertificates.Create(_domain, _now);
        _root = X509Certificate2.CreateFromPem(material.RootCertificate);
        _signer = X509Certificate2.CreateFromPem(material.SigningCertificate, material.SigningKey.Span);
    }

    public void Dispose()
    {
        _key.Dispose();
        _root.Dispose();
        _signer.Dispose();
    }

    [Fact]
    public void A_good_certificate_has_no_fault() => Assert.Null(Verify(Leaf()));

    [Fact]
    public void Another_name_is_a_fault() =>
        Assert.Contains("URI", Verify(Leaf(names: SubjectAlternativeNames.Of("spiffe://cluster.local/ns/shop/sa/other"))));

    [Fact]
    public void Two_names_are_a_fault() =>
        Assert.Contains("URI", Verify(Leaf(names: new([_cart.ToString(), "spiffe://cluster.local/x"], [], []))));

    [Fact]
    public void Another_key_is_a_fault()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = Leaf();

        Assert.Contains("key", SvidVerifier.FindFault(leaf, [_signer], _root, _cart, new PublicKey(other), _now));
    }

    [Fact]
    public void An_authority_is_a_fault() => Assert.Contains("authority", Verify(Leaf(authority: true)));

    [Fact]
    public void Another_usage_is_a_fault() =>
        Assert.Contains("usage", Verify(Leaf(usage: X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.CrlSign)));

    [Fact]
    public void Another_purpose_is_a_fault() => Assert.Contains("authentication", Verify(Leaf(purpose: "1.3.6.1.5.5.7.3.3")));

    [Fact]
    public void A_time_outside_of_its_validity_is_a_fault()
    {
        Assert.Contains("NotTimeValid", Verify(Leaf(), _now.AddDays(2)));
        Assert.Contains("NotTimeValid", Verify(Leaf(), _now.AddDays(-2)));
    }

    [Fact]
    public void Another_root_is_a_fault()
    {
        using var other = X509Certificate2.CreateFromPem(AuthorityCertificates.Create(_domain, _now).RootCertificate);
        using var leaf = Leaf();

        Assert.Contains("chain", SvidVerifier.FindFault(leaf, [_signer], other, _cart, new PublicKey(_key), _now));
    }

    private string? Verify(X509Certificate2 leaf, DateTimeOffset? now = null)
    {
        using (leaf) return SvidVerifier.FindFault(leaf, [_signer], _root, _cart, new PublicKey(_key), now ?? _now);
    }

    private X509Certificate2 Leaf(
        SubjectAlternativeNames? names = null,
        bool authority = false,
        X509KeyUsageFlags usage = X509KeyUsageFlags.DigitalSignature,
        string purpose = "1.3.6.1.5.5.7.3.1")
    {
        var request = new CertificateRequest(new X500DistinguishedName(""), _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid(purpose), new Oid("1.3.6.1.5.5.7.3.2")], false));
        request.CertificateExtensions.Add((names ?? SubjectAlternativeNames.Of(_cart.ToString())).ToExtension(true));
        return request.Create(_signer, _now.AddMinutes(-5), _now.AddDays(1), AuthorityCertificates.NewSerial());
    }
}
