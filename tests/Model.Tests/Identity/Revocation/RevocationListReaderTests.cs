using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Testing;

namespace MeshOrleans.Model.Tests.Identity.Revocation;

public sealed class RevocationListReaderTests : IDisposable
{
    private static readonly DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _issuer;
    private readonly X509Certificate2 _leaf;

    public RevocationListReaderTests()
    {
        _issuer = Self("CN=issuer", _key);
        _leaf = Self("CN=leaf", _key);
    }

    public void Dispose()
    {
        _issuer.Dispose();
        _leaf.Dispose();
        _key.Dispose();
    }

    [Fact]
    public void A_list_says_what_is_revoked_why_and_since_when()
    {
        var pem = Pem(X509RevocationReason.KeyCompromise);

        Assert.True(RevocationListReader.TryReadPem("# comment\n" + pem + "\n" + pem, out var lists, out _));

        var list = lists[1];
        Assert.Equal((2, _now, _now.AddDays(7)), (lists.Length, list.ThisUpdate, list.NextUpdate));
        Assert.Equal(
            new RevokedCertificate(SerialNumber.Of(_leaf), _now, RevocationReason.KeyCompromise), Assert.Single(list.Entries));
        Assert.True(list.IsSignedBy(_issuer));
        Assert.Equal(pem, list.ToPem());
    }

    [Fact]
    public void A_list_is_signed_by_the_key_of_its_issuer_and_by_no_other()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var sameName = Self("CN=issuer", other);
        using var rsa = RSA.Create(2048);
        using var ofRsa = Self("CN=issuer", rsa);
        RevocationListReader.TryReadPem(Pem(null), out var lists, out _);

        Assert.Equal((true, false, false, false), (
            lists[0].IsSignedBy(_issuer), lists[0].IsSignedBy(_leaf), lists[0].IsSignedBy(sameName), lists[0].IsSignedBy(ofRsa)));
    }

    [Fact]
    public void A_list_that_RSA_has_signed_will_do()
    {
        using var rsa = RSA.Create(2048);
        using var issuer = Self("CN=rsa", rsa);

        RevocationListReader.TryReadPem(TestRevocations.Pem(issuer, rsa, _now, _now.AddDays(1)), out var lists, out _);

        Assert.Equal((true, 0), (lists[0].IsSignedBy(issuer), lists[0].Entries.Length));
    }

    [Theory]
    [InlineData("2.5.29.27", true, "tells a part only")] // delta
    [InlineData("2.5.29.28", true, "tells a part only")] // for a distribution point
    [InlineData("2.5.29.28", false, null)]
    public void A_list_that_tells_a_part_only_is_refused(string oid, bool isCritical, string? problem) =>
        AssertProblem(problem, TestRevocations.Der(_issuer, _now, (oid, isCritical), null));

    [Theory]
    [InlineData("2.5.29.29", true, "other issuers")]
    [InlineData("2.5.29.24", false, null)]
    [InlineData("2.5.29.21", false, null)]
    public void A_list_that_tells_of_other_issuers_is_refused(string oid, bool isCritical, string? problem) =>
        AssertProblem(problem, TestRevocations.Der(_issuer, _now, null, (oid, isCritical)));

    [Fact]
    public void What_is_no_list_or_too_much_of_it_is_refused()
    {
        var pem = Pem(null);

        Assert.Contains("ends within", ProblemOf(pem + "\n" + pem[..^10]), StringComparison.Ordinal);
        Assert.Contains("is not a list", ProblemOf(PemEncoding.WriteString("X509 CRL", [0x30, 0x03, 1, 2, 3])), StringComparison.Ordinal);
        Assert.Contains("longer than", ProblemOf(new string(' ', RevocationListReader.MaxLength + 1)), StringComparison.Ordinal);
        Assert.Contains("more than", ProblemOf(string.Join('\n', Enumerable.Repeat(pem, RevocationListReader.MaxLists + 1))), StringComparison.Ordinal);
        Assert.True(RevocationListReader.TryReadPem("nothing", out var none, out _));
        Assert.Empty(none);
    }

    [Fact]
    public void Whatever_bytes_come_are_read_or_refused_without_throwing()
    {
        var pem = Pem(X509RevocationReason.Superseded);
        RevocationListReader.TryReadPem(pem, out var lists, out _);
        var good = lists[0].RawData.ToArray();
        var (read, refused) = (0, 0);
        for (var seed = 1; seed <= 10_000; seed++)
        {
            var random = new Random(seed);
            var bytes = Spoil(random, good);
            try
            {
                if (RevocationListReader.TryReadDer(bytes, out var list, out var problem))
                {
                    read++;
                    list.IsSignedBy(_issuer);
                }
                else
                {
                    refused++;
                    Assert.NotEmpty(problem);
                }

                RevocationListReader.TryReadPem(Encoding.Latin1.GetString(Spoil(random, Encoding.Latin1.GetBytes(pem))), out _, out _);
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}: {exception}");
            }
        }

        Assert.True(read > 300 && refused > 300, $"{read} read, {refused} refused");
    }

    [Theory]
    [InlineData("0a:0B", "0A0B")]
    [InlineData("000a0b", "0A0B")]
    [InlineData("ff", "FF")]
    [InlineData("a0b", "0A0B")]
    [InlineData("", null)]
    [InlineData("0", null)]
    [InlineData("xyz", null)]
    [InlineData("010203040506070809101112131415161718192021", null)] // 21 bytes
    public void A_serial_number_is_read_as_people_write_it(string text, string? expected)
    {
        Assert.Equal(expected is not null, SerialNumber.TryParse(text, out var serial));
        Assert.Equal(expected, serial);
    }

    private string Pem(X509RevocationReason? reason) =>
        TestRevocations.Pem(_issuer, _key, _now, _now.AddDays(7), (_leaf, reason));

    private static string ProblemOf(string pem)
    {
        Assert.False(RevocationListReader.TryReadPem(pem, out _, out var problem));
        return problem;
    }

    private static void AssertProblem(string? expected, byte[] der)
    {
        Assert.Equal(expected is null, RevocationListReader.TryReadDer(der, out _, out var problem));
        if (expected is not null) Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    private static byte[] Spoil(Random random, byte[] good)
    {
        var bytes = good.ToArray();
        for (var i = random.Next(1, 4); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }

    private static X509Certificate2 Self(string name, AsymmetricAlgorithm key)
    {
        var request = key is RSA rsa
            ? new CertificateRequest(name, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(name, (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(_now.AddDays(-1), _now.AddDays(30));
    }
}
