using System.Security.Cryptography;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Testing;

namespace MeshOrleans.Model.Tests.Tokens;

public sealed class JsonWebKeySetTests
{
    private const string Point =
        "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"";

    [Theory]
    [InlineData("", "it is no JSON object, or has a name twice")]
    [InlineData("{", "it is no JSON object, or has a name twice")]
    [InlineData("[]", "it is no JSON object, or has a name twice")]
    [InlineData("""{"keys":[],"keys":[]}""", "it is no JSON object, or has a name twice")]
    [InlineData("{}", "it has no list \"keys\"")]
    [InlineData("""{"keys":{}}""", "it has no list \"keys\"")]
    public void What_is_no_set_is_refused(string text, string expected)
    {
        Assert.False(JsonWebKeySet.TryParse(text, out _, out var problem));
        Assert.Equal(expected, problem);
    }

    [Fact]
    public void What_is_too_large_is_refused()
    {
        var many = string.Join(',', Enumerable.Repeat("{}", JsonWebKeySet.MaxKeys + 1));

        Assert.False(JsonWebKeySet.TryParse($$"""{"keys":[{{many}}]}""", out _, out var problem));
        Assert.Equal("it has more than 100 keys", problem);
        Assert.False(JsonWebKeySet.TryParse(new string(' ', 10 << 20), out _, out problem));
        Assert.Equal("it has more than 1048576 bytes", problem);
    }

    [Theory]
    [InlineData("d")]
    [InlineData("p")]
    [InlineData("q")]
    [InlineData("dp")]
    [InlineData("dq")]
    [InlineData("qi")]
    [InlineData("oth")]
    public void A_key_of_which_any_private_number_was_published_is_none(string member)
    {
        var key = TestIssuer.RsaKey().TrimEnd()[..^1] + $",\"{member}\":\"AQAB\"}}";

        Assert.True(JsonWebKeySet.TryParse($$"""{"keys":[{{key}}]}""", out var keys, out _));

        Assert.Empty(keys.Keys);
        Assert.Equal("keys[0]: it is a secret that should not be here", Assert.Single(keys.LeftOut));
    }

    [Theory]
    [InlineData("""{"kty":"oct","k":"c2VjcmV0"}""", "it is a secret that should not be here")]
    [InlineData("""{"kty":"oct"}""", "its kty is neither RSA nor EC")]
    [InlineData("""{"kty":"OKP","crv":"Ed25519","x":"AA"}""", "its kty is neither RSA nor EC")]
    [InlineData("{}", "its kty is neither RSA nor EC")]
    [InlineData("[]", "its kty is neither RSA nor EC")]
    [InlineData("""{"kty":1}""", "its kty is no text")]
    [InlineData("""{"kty":"EC","use":"enc"}""", "its use is not sig")]
    [InlineData("""{"kty":"EC","key_ops":["sign"]}""", "its key_ops do not have verify")]
    [InlineData("""{"kty":"EC","key_ops":"verify"}""", "its key_ops do not have verify")]
    [InlineData("""{"kty":"EC","alg":"HS256"}""", "its alg is not supported")]
    [InlineData("""{"kty":"EC","crv":"secp256k1"}""", "its crv is not P-256, P-384 or P-521")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}""", "its x or y is not 32 bytes")]
    [InlineData("""{"kty":"RSA","n":"AA","e":"AQAB"}""", "its n or e is no number")]
    [InlineData("""{"kty":"RSA","n":"AQAB","e":"AQAB"}""", "it has 17 bits, not 2048 to 8192")]
    public void A_key_of_no_use_is_left_out_and_the_others_stay(string key, string expected)
    {
        Assert.True(
            JsonWebKeySet.TryParse($$"""{"keys":[{{key}},{{TestIssuer.RsaKey()}}]}""", out var keys, out _));

        Assert.Single(keys.Keys);
        Assert.Equal($"keys[0]: {expected}", Assert.Single(keys.LeftOut));
    }

    [Theory]
    [InlineData("\"use\":\"sig\",\"key_ops\":[\"verify\"],")]
    [InlineData("\"alg\":\"RS256\",\"x5c\":[\"AA==\"],")]
    public void A_key_for_signatures_is_taken(string more)
    {
        Assert.True(
            JsonWebKeySet.TryParse($$"""{"keys":[{{TestIssuer.RsaKey(more: more)}}]}""", out var keys, out _));

        Assert.Single(keys.Keys);
    }

    [Fact]
    public void A_point_that_is_not_on_its_curve_is_no_key()
    {
        var off = Point.Replace("x_FE", "x_FF", StringComparison.Ordinal);

        Assert.True(
            JsonWebKeySet.TryParse(
                $$"""{"keys":[{"kty":"EC","crv":"P-256",{{off}}}]}""", out var keys, out _));
        Assert.Equal("keys[0]: its numbers are no public key", Assert.Single(keys.LeftOut));
    }

    [Fact]
    public void A_weak_key_is_no_key()
    {
        using var rsa = RSA.Create(1024);
        var weak = rsa.ExportParameters(includePrivateParameters: false);
        var (n, e) = (TestIssuer.Text(weak.Modulus!), TestIssuer.Text(weak.Exponent!));

        Assert.True(
            JsonWebKeySet.TryParse(
                $$"""{"keys":[{"kty":"RSA","n":"{{n}}","e":"{{e}}"}]}""", out var keys, out _));
        Assert.Equal("keys[0]: it has 1024 bits, not 2048 to 8192", Assert.Single(keys.LeftOut));
    }

    [Theory]
    [InlineData("AQ")]
    [InlineData("Ag")]
    public void An_exponent_that_makes_signatures_worthless_is_refused(string exponent)
    {
        var key = TestIssuer.RsaKey().Replace("\"e\":\"AQAB\"", $"\"e\":\"{exponent}\"", StringComparison.Ordinal);

        Assert.True(JsonWebKeySet.TryParse($$"""{"keys":[{{key}}]}""", out var keys, out _));
        Assert.Equal("keys[0]: its e is not an odd number above 1", Assert.Single(keys.LeftOut));
    }
}
