using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Tests.Identity;

/// <summary>Whom a certificate convinces while one root follows another, whatever kinds of keys they have.</summary>
public sealed class AuthorityLinkTests
{
    private const string Cart = "spiffe://cluster.local/ns/shop/sa/cart";
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly TrustDomain _domain = TrustDomain.Parse("cluster.local");

    public static TheoryData<AuthorityKeyType, AuthorityKeyType> Kinds { get; } = new()
    {
        { AuthorityKeyType.P256, AuthorityKeyType.P256 },
        { AuthorityKeyType.P256, AuthorityKeyType.P384 },
        { AuthorityKeyType.P384, AuthorityKeyType.Rsa2048 },
        { AuthorityKeyType.Rsa2048, AuthorityKeyType.P256 },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Who_knows_either_root_or_both_follows(AuthorityKeyType before, AuthorityKeyType after)
    {
        var former = AuthorityCertificates.Create(_domain, _now.AddDays(-30), before);
        var next = AuthorityCertificates.LinkedTo(
            former, AuthorityCertificates.Create(_domain, _now, after), _domain, _now);

        var linked = Sign(next, showsLink: true);
        var bare = Sign(next, showsLink: false);

        Assert.Equal((3, 2), (linked.Count, bare.Count));
        Assert.Null(Problem(linked, former));
        Assert.Null(Problem(linked, next));
        Assert.Null(Problem(linked, former, next));
        Assert.Null(Problem(bare, next));
        Assert.NotNull(Problem(bare, former));
        Assert.Null(Problem([.. linked, .. Roots(former, next)], former)); // a peer that shows its roots hides nothing
    }

    [Fact]
    public void A_link_helps_nobody_who_knows_neither()
    {
        var former = AuthorityCertificates.Create(_domain, _now);
        var next = AuthorityCertificates.LinkedTo(former, AuthorityCertificates.Create(_domain, _now), _domain, _now);

        Assert.NotNull(Problem(Sign(next, showsLink: true), AuthorityCertificates.Create(_domain, _now)));
    }

    [Fact]
    public void Only_the_control_planes_own_chain_has_the_link_when_nothing_is_under_way()
    {
        var former = AuthorityCertificates.Create(_domain, _now);
        var next = AuthorityCertificates.LinkedTo(former, AuthorityCertificates.Create(_domain, _now), _domain, _now);

        var chain = Sign(next, showsLink: false, "spiffe://cluster.local/ns/istio-system/sa/mesh-control-plane", ["localhost"]);

        Assert.Equal(next.Link, chain[^1].ExportCertificatePem());
    }

    [Fact]
    public void There_is_no_link_where_the_former_roots_key_is_not_here()
    {
        var former = AuthorityCertificates.Create(_domain, _now) with { RootKey = SecretText.Empty };

        Assert.Equal("", AuthorityCertificates.LinkedTo(former, AuthorityCertificates.Create(_domain, _now), _domain, _now).Link);
    }

    [Fact]
    public void A_sent_chain_keeps_its_link()
    {
        var former = AuthorityCertificates.Create(_domain, _now);
        var next = AuthorityCertificates.LinkedTo(former, AuthorityCertificates.Create(_domain, _now), _domain, _now);
        var chain = Sign(next, showsLink: true);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var authority = new SigningAuthority(next, new MeshOptions(), new AuthorityOptions(), showsLink: true);
        var signed = Assert.IsType<SignResult.Signed>(
            authority.Sign(new SignRequest(Cart, [.. CsrSamples.Of(key)], null, []), _now));
        using var leaf = X509Certificate2.CreateFromPem(signed.ChainPem[0]).CopyWithPrivateKey(key);
        var context = System.Net.Security.SslStreamCertificateContext.Create(
            leaf, [.. signed.ChainPem[1..].Select(pem => X509Certificate2.CreateFromPem(pem))], offline: true);

        Assert.Equal(
            chain[1..].Select(c => c.SerialNumber), context.IntermediateCertificates.Select(c => c.SerialNumber));
    }

    private static List<X509Certificate2> Sign(
        AuthorityMaterial material, bool showsLink, string id = Cart, params string[] names)
    {
        using var authority = new SigningAuthority(material, new MeshOptions(), new AuthorityOptions(), showsLink);
        var result = authority.Sign(new SignRequest(id, [.. CsrSamples.P256()], null, [.. names]), _now);
        return [.. Assert.IsType<SignResult.Signed>(result).ChainPem.Select(pem => X509Certificate2.CreateFromPem(pem))];
    }

    private static List<X509Certificate2> Roots(params AuthorityMaterial[] authorities) =>
        [.. authorities.Select(a => X509Certificate2.CreateFromPem(a.RootCertificate))];

    private static string? Problem(List<X509Certificate2> chain, params AuthorityMaterial[] trusted)
    {
        using var presented = new X509Chain();
        presented.ChainPolicy.ExtraStore.AddRange(chain[1..].ToArray());
        var roots = new X509Certificate2Collection(Roots(trusted).ToArray());
        return PeerSvid.TryVerify(chain[0], presented, _ => roots, _now, out _, out var problem) ? null : problem;
    }
}
