using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Model.Tests.Identity;

public sealed class JoinTokenTests
{
    [Fact]
    public void A_token_survives_the_way_over_text()
    {
        using var root = Root();
        var token = JoinToken.Create(root, RandomNumberGenerator.Fill);

        Assert.True(JoinToken.TryParse($" {token.Reveal()}\n", out var read));
        Assert.Equal((token.Secret, token.RootPin, token.Hash), (read.Secret, read.RootPin, read.Hash));
    }

    [Fact]
    public void A_token_pins_the_public_key_of_the_root()
    {
        using var root = Root();
        using var other = Root();

        Assert.Equal(JoinToken.PinOf(root), JoinToken.Create(root, RandomNumberGenerator.Fill).RootPin);
        Assert.NotEqual(JoinToken.PinOf(other), JoinToken.PinOf(root));
    }

    [Fact]
    public void A_token_never_prints_its_secret()
    {
        using var root = Root();
        var token = JoinToken.Create(root, RandomNumberGenerator.Fill);

        Assert.DoesNotContain(token.Secret, token.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(token.Secret, token.Hash, StringComparison.Ordinal);
    }

    [Fact]
    public void What_follows_from_a_token_is_the_same_each_time_and_another_for_another_claim()
    {
        using var root = Root();
        var token = JoinToken.Create(root, RandomNumberGenerator.Fill);
        var derived = token.Derive("claim");

        Assert.True(JoinToken.TryParse(derived.Reveal(), out var parsed));
        Assert.Equal(token.Derive("claim").Reveal(), parsed.Reveal());
        Assert.Equal(token.RootPin, parsed.RootPin);
        string[] secrets =
        [
            token.Secret, derived.Secret, token.Derive("other").Secret, JoinToken.Create(root, RandomNumberGenerator.Fill).Derive("claim").Secret,
        ];
        Assert.Equal(4, secrets.Distinct().Count());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("mt1.a.b")]
    [InlineData("mt2.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("mt1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA*.0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("mt1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.000000000000000000000000000000000000000000000000000000000000000G")]
    public void What_is_no_token_is_refused(string? text) => Assert.False(JoinToken.TryParse(text, out _));

    private static X509Certificate2 Root()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=root", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
    }
}
