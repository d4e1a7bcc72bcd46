using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Tests.Identity;

public sealed class CsrReaderTests
{
    [Fact]
    public void The_allowed_keys_are_read()
    {
        byte[][] good = [CsrSamples.P256(), CsrSamples.Of(ECCurve.NamedCurves.nistP384), CsrSamples.Rsa(2048)];

        Assert.All(good, csr => Assert.True(CsrReader.TryRead(csr, out _, out _)));
    }

    [Fact]
    public void The_key_is_the_one_in_the_request()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        Assert.True(CsrReader.TryRead(CsrSamples.Of(key), out var read, out _));

        Assert.Equal(key.ExportSubjectPublicKeyInfo(), read.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public void Weak_or_unusual_keys_are_refused_with_what_is_wanted_instead()
    {
        AssertRefused(CsrSamples.Rsa(1024), "2048");
        AssertRefused(Convert.FromBase64String(CsrSamples.SmallExponent), "65537");
        AssertRefused(CsrSamples.Of(ECCurve.NamedCurves.nistP521), "P-256");
        AssertRefused(CsrSamples.Of(ECCurve.CreateFromFriendlyName("secp224r1")), "P-256");
        AssertRefused(CsrSamples.Of(ECCurve.CreateFromFriendlyName("secp256k1")), "P-256");
        AssertRefused(Convert.FromBase64String(CsrSamples.Ed25519), "must be EC");
        AssertRefused(Convert.FromBase64String(CsrSamples.Ed448), "must be EC");
    }

    [Fact]
    public void A_curve_that_is_spelled_out_is_refused() =>
        AssertRefused(Convert.FromBase64String(CsrSamples.ExplicitP256), "P-256");

    [Fact]
    public void A_key_that_the_applicant_does_not_hold_is_refused() =>
        AssertRefused(CsrSamples.WithoutProofOfPossession(), "valid signature");

    [Fact]
    public void A_request_that_was_changed_after_signing_is_refused()
    {
        var csr = CsrSamples.P256();
        csr[^1] ^= 1;

        AssertRefused(csr, "valid signature");
    }

    [Fact]
    public void What_is_not_exactly_one_request_in_DER_is_refused()
    {
        var csr = CsrSamples.P256();

        AssertRefused([], "empty");
        AssertRefused([.. csr, 0], "follows");
        AssertRefused([.. csr, .. CsrSamples.P256()], "follows");
        AssertRefused(csr[..^1], "PKCS#10");
        AssertRefused(Encoding.ASCII.GetBytes("-----BEGIN CERTIFICATE REQUEST-----"), "PKCS#10");
        AssertRefused([0x30, 0x80, 0, 0], "PKCS#10");
        AssertRefused([0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], "PKCS#10");
        AssertRefused(new byte[CsrReader.MaxLength + 1], "longer");
        AssertRefused(new byte[1024 * 1024], "longer");
    }

    [Fact]
    public void A_certificate_is_no_request()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));

        AssertRefused(certificate.RawData, "PKCS#10");
    }

    [Fact]
    public void No_bytes_make_it_throw()
    {
        var good = CsrSamples.P256();
        Prop.ForAll(ArbMap.Default.ArbFor<(byte[] Noise, int At, byte Value)>(), input =>
        {
            var (noise, at, value) = input;
            var changed = good.ToArray();
            var place = (int)((uint)at % changed.Length);
            var same = changed[place] == value;
            changed[place] = value;
            return !CsrReader.TryRead(noise, out _, out _) && (CsrReader.TryRead(changed, out _, out _) == same);
        }).QuickCheckThrowOnFailure();
    }

    private static void AssertRefused(byte[] csr, string reasonPart)
    {
        Assert.False(CsrReader.TryRead(csr, out var key, out var reason));
        Assert.Null(key);
        Assert.Contains(reasonPart, reason);
    }
}
