using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Testing;

namespace MeshOrleans.Model.Tests.Identity;

public sealed class PeerSvidTests : IDisposable
{
    private const string Cart = "spiffe://cluster.local/ns/shop/sa/cart";
    private static readonly DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root;

    public PeerSvidTests() => _root = NewRoot(_key);

    public void Dispose()
    {
        _root.Dispose();
        _key.Dispose();
    }

    [Fact]
    public void A_certificate_of_a_root_of_its_own_domain_proves_its_name_while_the_whole_chain_is_valid()
    {
        using var leaf = Leaf([Cart]);

        Assert.True(PeerSvid.TryVerify(leaf, null, RootsOf, _now, out var proof, out _));
        Assert.Equal(
            new PeerProof(SpiffeId.Parse(Cart), _now.AddHours(-1), _now.AddHours(2)), proof); // the root ends first
    }

    [Fact]
    public void No_certificate_proves_nothing() => Assert.Contains("no certificate", Fault(null));

    [Fact]
    public void The_root_of_another_domain_does_not_count() =>
        Assert.Contains("not trusted", Fault(Leaf(["spiffe://other.local/ns/shop/sa/cart"])));

    [Fact]
    public void A_certificate_of_an_unknown_root_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        Assert.Contains("does not lead to a root", Fault(Leaf([Cart], signer: key)));
    }

    [Fact]
    public void An_expired_certificate_is_refused_and_both_times_are_named() =>
        Assert.Equal(
            "It is valid from 2025-12-31 23:00:00Z to 2026-01-02 00:00:00Z, "
            + "and this machine's clock says 2026-01-02 00:00:01Z.",
            Fault(Leaf([Cart]), _now.AddDays(1).AddSeconds(1)));

    [Fact]
    public void A_certificate_that_is_revoked_is_refused_and_named_with_the_reason()
    {
        using var leaf = Leaf([Cart]);
        var bundle = new TrustBundle(TrustDomain.Parse("cluster.local"), [], 1, IsLocal: true)
        {
            CrlsPem =
            [
                TestRevocations.Pem(
                    _root, _key, _now.AddDays(-10), _now.AddDays(-1), (leaf, X509RevocationReason.KeyCompromise)),
            ],
        };
        var revoked = RevokedCertificates.Of(bundle); // though it is out of date

        Assert.False(PeerSvid.TryVerify(leaf, null, RootsOf, revoked, _now, out _, out var problem));

        Assert.Equal(
            $"Certificate 01020304 was revoked at 2025-12-22 00:00:00Z (key-compromise). It was shown by {Cart}.", problem);
    }

    [Fact]
    public void What_another_issuer_has_revoked_does_not_count()
    {
        using var leaf = Leaf([Cart]);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = new CertificateRequest("CN=other", key, HashAlgorithmName.SHA256).CreateSelfSigned(_now, _now.AddDays(1));
        RevocationListReader.TryReadPem(
            TestRevocations.Pem(other, key, _now, _now.AddDays(1), (leaf, null)), out var lists, out _);

        Assert.True(PeerSvid.TryVerify(leaf, null, RootsOf, RevokedCertificates.Of(lists), _now, out _, out _));
    }

    [Fact]
    public void An_authority_is_no_identity() =>
        Assert.Contains(
            "authority", Fault(Leaf([Cart], extension: new X509BasicConstraintsExtension(true, false, 0, true))));

    [Fact]
    public void A_key_that_may_not_sign_is_refused() =>
        Assert.Contains(
            "may not sign",
            Fault(Leaf([Cart], extension: new X509KeyUsageExtension(X509KeyUsageFlags.KeyAgreement, true))));

    [Theory]
    [InlineData(true, "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2")]
    [InlineData(true, "2.5.29.37.0")]
    [InlineData(false, "1.3.6.1.5.5.7.3.1")]
    [InlineData(false, "1.3.6.1.5.5.7.3.2")]
    [InlineData(false, "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.2")]
    public void A_usage_must_allow_both_ends_of_TLS(bool allowed, params string[] usages)
    {
        var extension = new X509EnhancedKeyUsageExtension([.. usages.Select(u => new Oid(u))], critical: false);

        Assert.Equal(
            allowed ? null : "The certificate is not for both ends of TLS.", Fault(Leaf([Cart], extension: extension)));
    }

    [Theory]
    [InlineData(X509KeyUsageFlags.KeyCertSign)]
    [InlineData(X509KeyUsageFlags.CrlSign)]
    public void A_key_that_may_sign_certificates_is_no_workloads(X509KeyUsageFlags usage) => Assert.Contains(
        "no workload's",
        Fault(Leaf([Cart], extension: new X509KeyUsageExtension(usage | X509KeyUsageFlags.DigitalSignature, true))));

    [Fact]
    public void A_trust_domain_alone_is_no_workload() =>
        Assert.Contains("URI name", Fault(Leaf(["spiffe://cluster.local"])));

    [Theory]
    [InlineData()]
    [InlineData(Cart, "spiffe://cluster.local/ns/shop/sa/admin")]
    [InlineData("https://cluster.local/ns/shop/sa/cart")]
    public void Anything_but_one_SPIFFE_ID_is_no_name(params string[] names)
    {
        using var leaf = Leaf(names);

        Assert.False(PeerSvid.TryReadName(leaf, out var id, out var problem));
        Assert.Null(id);
        Assert.Contains("URI name", problem);
    }

    [Fact]
    public void Names_that_are_no_DER_are_refused_without_throwing() =>
        Assert.Contains("cannot be read", Fault(Leaf([], extension: new X509Extension("2.5.29.17", [0x30, 0x05], false))));

    private X509Certificate2Collection? RootsOf(string domain) => domain == "cluster.local" ? [_root] : null;

    private string? Fault(X509Certificate2? leaf, DateTimeOffset? now = null)
    {
        using (leaf)
        {
            PeerSvid.TryVerify(leaf, null, RootsOf, now ?? _now, out _, out var problem);
            return problem;
        }
    }

    private static X509Certificate2 NewRoot(ECDsa key)
    {
        var request = new CertificateRequest("CN=root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request.CreateSelfSigned(_now.AddDays(-1), _now.AddHours(2));
    }

    private X509Certificate2 Leaf(string[] names, ECDsa? signer = null, X509Extension? extension = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("", key, HashAlgorithmName.SHA256);
        var uris = new SubjectAlternativeNameBuilder();
        foreach (var name in names) uris.AddUri(new Uri(name));
        if (names.Length > 0) request.CertificateExtensions.Add(uris.Build(critical: true));
        if (extension is not null) request.CertificateExtensions.Add(extension);
        return request.Create(
            _root.SubjectName,
            X509SignatureGenerator.CreateForECDsa(signer ?? _key),
            _now.AddHours(-1),
            _now.AddDays(1),
            [1, 2, 3, 4]);
    }
}
