using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Tests.Identity;

public sealed class SigningAuthorityTests : IDisposable
{
    private const string Cart = "spiffe://cluster.local/ns/shop/sa/cart";
    private const string ControlPlane = "spiffe://cluster.local/ns/istio-system/sa/mesh-control-plane";

    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
    private static readonly TrustDomain _domain = TrustDomain.Parse("cluster.local");
    private readonly AuthorityMaterial _material = AuthorityCertificates.Create(_domain, _now);
    private readonly SigningAuthority _authority;

    public SigningAuthorityTests() => _authority = new SigningAuthority(
        _material, new MeshOptions(), new AuthorityOptions { MaxLifetime = TimeSpan.FromDays(90) });

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void The_root_is_what_a_root_must_be()
    {
        using var root = X509Certificate2.CreateFromPem(_material.RootCertificate);

        Assert.Equal("CN=MeshOrleans root cluster.local", root.Subject);
        Assert.Equal(root.Subject, root.Issuer);
        Assert.Equal((_now.AddYears(10), TimeSpan.FromHours(1)), (Second(root.NotAfter, _now.AddYears(10)), Second(_now - root.NotBefore)));
        AssertAuthority(root, pathLength: 1);
        Assert.Equal("1.2.840.10045.3.1.7", root.GetECDsaPublicKey()!.ExportParameters(false).Curve.Oid.Value);
    }

    [Fact]
    public void The_signing_certificate_is_what_an_intermediate_must_be()
    {
        using var root = X509Certificate2.CreateFromPem(_material.RootCertificate);
        using var signer = X509Certificate2.CreateFromPem(_material.SigningCertificate);

        Assert.Equal("CN=MeshOrleans signing cluster.local", signer.Subject);
        Assert.Equal(root.Subject, signer.Issuer);
        Assert.Equal(_now.AddYears(1), Second(signer.NotAfter, _now.AddYears(1)));
        AssertAuthority(signer, pathLength: 0);
        Assert.Equal(SubjectKeyId(root), AuthorityKeyId(signer));
        Assert.NotEqual(root.PublicKey.ExportSubjectPublicKeyInfo(), signer.PublicKey.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public void A_signing_certificate_never_outlives_its_root()
    {
        var late = AuthorityCertificates.WithNewSigner(_material, _domain, _now.AddYears(9).AddMonths(6));
        using var root = X509Certificate2.CreateFromPem(late.RootCertificate);
        using var signer = X509Certificate2.CreateFromPem(late.SigningCertificate);

        Assert.Equal(root.NotAfter, signer.NotAfter);
    }

    [Fact]
    public void A_leaf_is_what_an_X509_SVID_must_be()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signed = Sign(CsrSamples.Of(key));
        using var leaf = X509Certificate2.CreateFromPem(signed.ChainPem[0]);
        using var signer = X509Certificate2.CreateFromPem(_material.SigningCertificate);

        Assert.Equal("", leaf.Subject);
        Assert.Equal((signer.Subject, signer.Subject), (leaf.Issuer, signed.Issuer));
        Assert.Equal(key.ExportSubjectPublicKeyInfo(), leaf.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Equal((3, leaf.SerialNumber), (leaf.Version, signed.Serial));

        Assert.True(leaf.Extensions["2.5.29.17"]!.Critical);
        var names = SubjectAlternativeNames.Read(leaf)!;
        Assert.Equal([Cart], names.Uris.AsEnumerable());
        Assert.Empty(names.DnsNames);
        Assert.Empty(names.Addresses);

        var constraints = Extension<X509BasicConstraintsExtension>(leaf);
        Assert.Equal((false, true), (constraints.CertificateAuthority, constraints.Critical));
        var usage = Extension<X509KeyUsageExtension>(leaf);
        Assert.Equal((X509KeyUsageFlags.DigitalSignature, true), (usage.KeyUsages, usage.Critical));
        Assert.Equal(
            ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],
            Extension<X509EnhancedKeyUsageExtension>(leaf).EnhancedKeyUsages.Cast<Oid>().Select(o => o.Value!));
        Assert.NotEmpty(SubjectKeyId(leaf));
        Assert.Equal(SubjectKeyId(signer), AuthorityKeyId(leaf));
        Assert.Equal(7 - 1, leaf.Extensions.Count);
    }

    [Fact]
    public void A_leaf_lives_a_day_and_starts_five_minutes_early()
    {
        var signed = Sign(CsrSamples.P256());

        Assert.Equal(Floor(_now.AddMinutes(-5)), signed.NotBefore);
        Assert.Equal(Floor(_now.AddHours(24)), signed.NotAfter);
    }

    [Theory]
    [InlineData("365.00:00:00", "90.00:00:00", "00:05:00")]
    [InlineData("01:00:00", "01:00:00", "00:05:00")]
    [InlineData("00:00:20", "00:00:20", "00:00:02")]
    public void A_lifetime_is_given_up_to_the_maximum_and_a_short_one_is_hardly_backdated(
        string asked, string given, string backdated)
    {
        var signed = Sign(CsrSamples.P256(), TimeSpan.Parse(asked, null));

        Assert.Equal(Floor(_now + TimeSpan.Parse(given, null)), signed.NotAfter);
        Assert.Equal(Floor(_now - TimeSpan.Parse(backdated, null)), signed.NotBefore);
    }

    [Fact]
    public void A_leaf_never_outlives_the_signing_certificate()
    {
        using var signer = X509Certificate2.CreateFromPem(_material.SigningCertificate);

        var signed = Sign(CsrSamples.P256(), TimeSpan.FromDays(30), signer.NotAfter.AddDays(-10));

        Assert.Equal(signer.NotAfter.ToUniversalTime(), signed.NotAfter.UtcDateTime);
    }

    [Fact]
    public void The_signing_certificate_is_renewed_with_a_third_of_its_life_left()
    {
        Assert.False(_authority.NeedsNewSigner(_now.AddDays(240)));
        Assert.True(_authority.NeedsNewSigner(_now.AddDays(245)));
    }

    [Fact]
    public void Serial_numbers_are_positive_128_bits_and_never_the_same()
    {
        var csr = CsrSamples.P256();

        var serials = Enumerable.Range(0, 20).Select(_ => Sign(csr).Serial).ToList();

        Assert.Equal(20, serials.Distinct().Count());
        Assert.All(serials, s => Assert.Matches("^[4-7][0-9A-F]{31}$", s));
    }

    [Fact]
    public void The_chain_is_the_leaf_and_the_signing_certificate_without_the_root()
    {
        var signed = Sign(CsrSamples.P256());

        Assert.Equal(2, signed.ChainPem.Length);
        Assert.Equal(_material.SigningCertificate.Trim(), signed.ChainPem[1].Trim());
    }

    [Fact]
    public void Nothing_that_the_request_claims_is_copied()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNames(
            ["spiffe://cluster.local/ns/istio-system/sa/admin", "spiffe://evil/x"], ["bank.example"], [IPAddress.Loopback]);

        var signed = Sign(CsrSamples.Of(
            key,
            names.ToExtension(critical: true),
            new X509BasicConstraintsExtension(true, true, 5, true),
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true),
            new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.3")], true),
            new X509Extension("2.5.29.30", [0x30, 0x00], true)));

        using var leaf = X509Certificate2.CreateFromPem(signed.ChainPem[0]);
        Assert.Equal([Cart], SubjectAlternativeNames.Read(leaf)!.Uris.AsEnumerable());
        Assert.Empty(SubjectAlternativeNames.Read(leaf)!.DnsNames);
        Assert.False(Extension<X509BasicConstraintsExtension>(leaf).CertificateAuthority);
        Assert.Equal(X509KeyUsageFlags.DigitalSignature, Extension<X509KeyUsageExtension>(leaf).KeyUsages);
        Assert.DoesNotContain(
            Extension<X509EnhancedKeyUsageExtension>(leaf).EnhancedKeyUsages.Cast<Oid>(), o => o.Value == "1.3.6.1.5.5.7.3.3");
        Assert.Null(leaf.Extensions["2.5.29.30"]);
        Assert.Equal("", leaf.Subject);
    }

    [Fact]
    public void An_RSA_key_is_certified_too()
    {
        var signed = Sign(CsrSamples.Rsa(2048));
        using var leaf = X509Certificate2.CreateFromPem(signed.ChainPem[0]);

        Assert.Equal(2048, leaf.GetRSAPublicKey()!.KeySize);
    }

    [Theory]
    [InlineData("")]
    [InlineData("cart")]
    [InlineData("spiffe://cluster.local")]
    [InlineData("spiffe://other.local/ns/shop/sa/cart")]
    [InlineData("spiffe://Cluster.Local/ns/shop/sa/cart")]
    [InlineData("spiffe://cluster.local:80/ns/shop/sa/cart")]
    [InlineData("spiffe://cluster.local/ns/shop/sa/cart?x")]
    [InlineData("spiffe://cluster.local/ns/shop/sa/cart#x")]
    [InlineData("spiffe://cluster.local/ns/../sa/cart")]
    [InlineData("spiffe://cluster.local/ns/%2e%2e/sa/cart")]
    [InlineData("spiffe://cluster.local/ns/shop/sa/cart\0")]
    public void Identities_that_are_not_this_meshs_are_refused(string id) =>
        AssertRefused(new SignRequest(id, [.. CsrSamples.P256()], null, []), "trust domain");

    [Fact]
    public void An_identity_that_is_too_long_is_refused() => AssertRefused(
        new SignRequest($"spiffe://cluster.local/{new string('a', 2048)}", [.. CsrSamples.P256()], null, []), "trust domain");

    [Theory]
    [InlineData("00:00:00")]
    [InlineData("-00:00:01")]
    public void A_lifetime_that_is_not_positive_is_refused(string lifetime) => AssertRefused(
        new SignRequest(Cart, [.. CsrSamples.P256()], TimeSpan.Parse(lifetime, null), []), "lifetime");

    [Fact]
    public void A_bad_request_is_refused_with_its_reason()
    {
        AssertRefused(new SignRequest(Cart, [], null, []), "empty");
        AssertRefused(new SignRequest(Cart, default, null, []), "empty");
        AssertRefused(new SignRequest(Cart, [1, 2, 3], null, []), "PKCS#10");
    }

    [Fact]
    public void The_control_planes_own_certificate_carries_DNS_names_and_addresses()
    {
        var signed = Sign(CsrSamples.P256(), id: ControlPlane, names: ["localhost", "*.mesh.example", "127.0.0.1", "::1"]);
        using var leaf = X509Certificate2.CreateFromPem(signed.ChainPem[0]);

        var names = SubjectAlternativeNames.Read(leaf)!;
        Assert.Equal([ControlPlane], names.Uris.AsEnumerable());
        Assert.Equal(["localhost", "*.mesh.example"], names.DnsNames.AsEnumerable());
        Assert.Equal([IPAddress.Loopback, IPAddress.IPv6Loopback], names.Addresses.AsEnumerable());
        Assert.True(leaf.MatchesHostname("a.mesh.example"));
    }

    [Fact]
    public void Nobody_else_gets_DNS_names()
    {
        AssertRefused(new SignRequest(Cart, [.. CsrSamples.P256()], null, ["localhost"]), "control plane");
        AssertRefused(new SignRequest(ControlPlane, [.. CsrSamples.P256()], null, ["not a name"]), "neither");
    }

    [Fact]
    public void With_one_reservation_the_same_content_is_signed_at_another_time()
    {
        var csr = CsrSamples.P256();
        var reservation = Reservation();

        var one = SignReserved(csr, reservation, _now);
        var other = SignReserved(csr, reservation, _now.AddMinutes(14));

        Assert.Equal((Convert.ToHexString(reservation.Serial.AsSpan()), Floor(_now.AddHours(24))), (one.Serial, one.NotAfter));
        Assert.Equal(SignedContent(one), SignedContent(other));
    }

    [Fact]
    public void A_reserved_time_may_be_fifteen_minutes_from_the_clock_and_no_more()
    {
        var request = new SignRequest(Cart, [.. CsrSamples.P256()], null, [], Reservation());

        Assert.IsType<SignResult.Signed>(_authority.Sign(request, _now.AddMinutes(15)));
        Assert.Contains(
            "time of issue", Assert.IsType<SignResult.Refused>(_authority.Sign(request, _now.AddMinutes(15).AddTicks(1))).Reason);
        AssertRefused(request with { Reservation = Reservation() with { IssuedAt = _now.AddMinutes(16) } }, "time of issue");
    }

    [Theory]
    [InlineData("")]
    [InlineData("41414141414141414141414141414141" + "41")]
    [InlineData("414141414141414141414141414141")]
    [InlineData("80414141414141414141414141414141")]
    [InlineData("00414141414141414141414141414141")]
    public void A_reserved_serial_must_be_positive_and_of_full_length(string serial) => AssertRefused(
        new SignRequest(
            Cart, [.. CsrSamples.P256()], null, [], Reservation() with { Serial = [.. Convert.FromHexString(serial)] }),
        "serial");

    [Fact]
    public void A_reserved_serial_that_was_never_set_is_refused() => AssertRefused(
        new SignRequest(Cart, [.. CsrSamples.P256()], null, [], new SerialReservation(default, _now)), "serial");

    [Fact]
    public void What_would_be_refused_is_known_beforehand()
    {
        var good = new SignRequest(Cart, [.. CsrSamples.P256()], null, []);

        Assert.Null(_authority.WhyNot(good, _now));
        Assert.Contains("trust domain", _authority.WhyNot(good with { SpiffeId = "cart" }, _now));
        Assert.Contains("PKCS#10", _authority.WhyNot(good with { Csr = [1, 2, 3] }, _now));
        Assert.Contains("lifetime", _authority.WhyNot(good with { Lifetime = TimeSpan.Zero }, _now));
        Assert.Contains("control plane", _authority.WhyNot(good with { DnsNames = ["localhost"] }, _now));
    }

    [Theory]
    [InlineData(null, "1.00:00:00")]
    [InlineData("01:00:00", "01:00:00")]
    [InlineData("365.00:00:00", "90.00:00:00")]
    public void The_lifetime_is_known_beforehand(string? asked, string granted) => Assert.Equal(
        TimeSpan.Parse(granted, null),
        _authority.LifetimeOf(new SignRequest(Cart, [], asked is null ? null : TimeSpan.Parse(asked, null), [])));

    [Fact]
    public void A_clock_that_jumped_behind_the_signing_certificate_signs_nothing()
    {
        var refused = Assert.IsType<SignResult.Refused>(
            _authority.Sign(new SignRequest(Cart, [.. CsrSamples.P256()], null, []), _now.AddDays(-1)));

        Assert.NotEmpty(refused.Reason);
    }

    [Fact]
    public void Keys_that_do_not_belong_to_their_certificates_are_not_loaded()
    {
        var mixed = _material with { SigningKey = _material.RootKey };

        Assert.ThrowsAny<Exception>(() => new SigningAuthority(mixed, new MeshOptions(), new AuthorityOptions()));
    }

    [Fact]
    public void Keys_are_never_part_of_a_text() => Assert.DoesNotContain("BEGIN", _material.ToString());

    private SignResult.Signed Sign(
        byte[] csr, TimeSpan? lifetime = null, DateTimeOffset? now = null, string id = Cart, ImmutableArray<string> names = default) =>
        Assert.IsType<SignResult.Signed>(_authority.Sign(new SignRequest(id, [.. csr], lifetime, names), now ?? _now));

    private SignResult.Signed SignReserved(byte[] csr, SerialReservation reservation, DateTimeOffset now) =>
        Assert.IsType<SignResult.Signed>(_authority.Sign(new SignRequest(Cart, [.. csr], null, [], reservation), now));

    private static SerialReservation Reservation() => new([.. Enumerable.Repeat((byte)0x41, 16)], _now);

    /// <summary>A certificate less its signature, which ECDSA makes another each time.</summary>
    private static string SignedContent(SignResult.Signed signed)
    {
        using var leaf = X509Certificate2.CreateFromPem(signed.ChainPem[0]);
        var certificate = new AsnReader(leaf.RawData, AsnEncodingRules.DER).ReadSequence();
        return Convert.ToHexString(certificate.ReadEncodedValue().Span);
    }

    private void AssertRefused(SignRequest request, string reasonPart) =>
        Assert.Contains(reasonPart, Assert.IsType<SignResult.Refused>(_authority.Sign(request, _now)).Reason);

    private static void AssertAuthority(X509Certificate2 certificate, int pathLength)
    {
        var constraints = Extension<X509BasicConstraintsExtension>(certificate);
        Assert.Equal(
            (true, true, true, pathLength),
            (constraints.CertificateAuthority, constraints.Critical, constraints.HasPathLengthConstraint, constraints.PathLengthConstraint));
        var usage = Extension<X509KeyUsageExtension>(certificate);
        Assert.Equal((X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true), (usage.KeyUsages, usage.Critical));
        Assert.Equal(["spiffe://cluster.local"], SubjectAlternativeNames.Read(certificate)!.Uris.AsEnumerable());
    }

    private static T Extension<T>(X509Certificate2 certificate)
        where T : X509Extension => Assert.Single(certificate.Extensions.OfType<T>());

    private static string SubjectKeyId(X509Certificate2 certificate) =>
        Extension<X509SubjectKeyIdentifierExtension>(certificate).SubjectKeyIdentifier!;

    private static string AuthorityKeyId(X509Certificate2 certificate) =>
        Convert.ToHexString(Extension<X509AuthorityKeyIdentifierExtension>(certificate).KeyIdentifier!.Value.Span);

    private static DateTimeOffset Floor(DateTimeOffset time) => time.AddTicks(-(time.UtcTicks % TimeSpan.TicksPerSecond));

    /// <summary>Certificates know whole seconds: within one of what is expected, it is what is expected.</summary>
    private static DateTimeOffset Second(DateTime actual, DateTimeOffset expected) =>
        Floor(expected) == actual.ToUniversalTime() ? expected : actual;

    private static TimeSpan Second(TimeSpan time) => TimeSpan.FromSeconds(Math.Floor(time.TotalSeconds));
}
