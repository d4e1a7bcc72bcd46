using System.Security.Cryptography;
using System.Text;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Testing;

namespace MeshOrleans.Model.Tests.Tokens;

public sealed class TokenVerifierTests
{
    private static readonly TokenRule Rule = new()
    {
        Issuer = TestIssuer.Name,
        Audiences = ["shop"],
        Keys = Keys(TestIssuer.KeySet),
    };

    [Theory]
    [InlineData("RS256")]
    [InlineData("RS384")]
    [InlineData("RS512")]
    [InlineData("PS256")]
    [InlineData("PS384")]
    [InlineData("PS512")]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    public void A_token_is_accepted_by_the_algorithm_that_signed_it_and_by_no_other(string algorithm)
    {
        var text = TestIssuer.Sign(algorithm);

        Assert.Equal(TokenProblem.None, Verify(text));
        foreach (var other in new[] { "RS256", "RS384", "PS256", "PS512", "ES256", "ES384", "ES512" })
        {
            if (other == algorithm) continue;
            var forged = TestIssuer.Text($$"""{"alg":"{{other}}"}""") + text[text.IndexOf('.')..];
            Assert.Equal(TokenProblem.BadSignature, Verify(forged));
        }
    }

    [Theory]
    [InlineData(15, null, TokenProblem.None)]
    [InlineData(16, null, TokenProblem.BadSignature)] // the seventeenth is not tried
    [InlineData(16, "named", TokenProblem.None)] // the one that is named goes first, wherever it stands
    [InlineData(16, "other", TokenProblem.BadSignature)]
    public void A_token_is_tried_with_so_many_keys_only(int before, string? wanted, TokenProblem expected)
    {
        var mine = new SigningKey("named");
        var others = Enumerable.Range(0, before).Select(_ => new SigningKey());
        var keys = Keys(SigningKey.Set([.. others, mine]));
        var header = wanted is null ? """{"alg":"ES256"}""" : $$"""{"alg":"ES256","kid":"{{wanted}}"}""";

        Assert.Equal(expected, Verify(mine.Sign(TestIssuer.Claims, header), Rule with { Keys = keys }));
    }

    [Fact]
    public void The_token_of_RFC_7515_A_2_is_by_its_key()
    {
        const string Token = "eyJhbGciOiJSUzI1NiJ9"
            + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
            + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdb"
            + "F9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6"
            + "_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig"
            + "cN_IoypGlUPQGe77Rw";
        const string Modulus =
            "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS"
            + "-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2C"
            + "apHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb"
            + "54h4FRWyuXpoQ";
        var rule = new TokenRule
        {
            Issuer = "joe",
            Keys = Keys($$"""{"keys":[{"kty":"RSA","n":"{{Modulus}}","e":"AQAB"}]}"""),
        };

        Assert.Equal(TokenProblem.None, Verify(Token, rule, DateTimeOffset.FromUnixTimeSeconds(1_300_819_380)));
    }

    [Fact]
    public void The_token_of_RFC_7515_A_3_is_by_its_key()
    {
        const string Token = "eyJhbGciOiJFUzI1NiJ9"
            + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
            + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        var rule = new TokenRule
        {
            Issuer = "joe",
            Keys = Keys("""
                {"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}
                """),
        };

        Assert.Equal(TokenProblem.None, Verify(Token, rule, DateTimeOffset.FromUnixTimeSeconds(1_300_819_380)));
    }

    [Fact]
    public void A_public_key_is_never_taken_for_a_shared_secret()
    {
        var text = $"{TestIssuer.Text("""{"alg":"HS256"}""")}.{TestIssuer.Text(TestIssuer.Claims)}";
        var secret = Encoding.UTF8.GetBytes(TestIssuer.RsaKey());
        var forged = $"{text}.{TestIssuer.Text(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(text)))}";

        Assert.Equal(TokenProblem.AlgorithmNotSupported, Verify(forged));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("rs256")]
    [InlineData("HS512")]
    [InlineData("EdDSA")]
    [InlineData("RS1")]
    [InlineData("")]
    public void No_other_algorithm_is_accepted(string algorithm)
    {
        var body = $"{TestIssuer.Text($$"""{"alg":"{{algorithm}}"}""")}.{TestIssuer.Text(TestIssuer.Claims)}";

        Assert.Equal(TokenProblem.AlgorithmNotSupported, Verify(body + "."));
        Assert.Equal(TokenProblem.AlgorithmNotSupported, Verify(body + ".AAAA"));
    }

    [Theory]
    [InlineData("""{"alg":"RS256","crit":["exp"]}""")]
    [InlineData("""{"alg":"RS256","crit":["b64"],"b64":false}""")]
    [InlineData("""{"alg":"RS256","alg":"RS256"}""")]
    [InlineData("""{"alg":"RS256","kid":7}""")]
    [InlineData("""{"alg":["RS256"]}""")]
    [InlineData("""{"typ":"JWT"}""")]
    [InlineData("""["RS256"]""")]
    [InlineData("""{"alg":"RS256"} {}""")]
    [InlineData("""{"alg":"RS256","kid":"\ud800"}""")]
    public void A_header_that_is_not_wholly_understood_is_refused(string header) =>
        Assert.Equal(TokenProblem.Malformed, Verify(TestIssuer.Sign("RS256", header: header)));

    [Theory]
    [InlineData("""{"iss":"https://issuer.example","aud":"shop","iss":"https://issuer.example"}""")]
    [InlineData("""{"iss":["https://issuer.example"],"aud":"shop"}""")]
    [InlineData("""{"iss":"https://issuer.example","aud":7}""")]
    [InlineData("""{"iss":"https://issuer.example","aud":["shop",7]}""")]
    [InlineData("""{"iss":"https://issuer.example","aud":"shop","sub":{}}""")]
    [InlineData("""{"iss":"https://issuer.example","aud":"shop","exp":"1900000000"}""")]
    [InlineData("""{"iss":"https://issuer.example","aud":"shop","exp":-1}""")]
    [InlineData("""{"iss":"https://issuer.example","aud":"shop","exp":1e999}""")]
    [InlineData("""{"iss":"https://issuer.example","aud":"shop","nbf":null}""")]
    [InlineData("""{"iss":"https://issuer.example","aud":"shop","deep":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}""")]
    [InlineData("\"text\"")]
    public void Claims_of_a_wrong_form_are_refused_though_they_are_signed(string claims) =>
        Assert.Equal(TokenProblem.Malformed, Verify(TestIssuer.Sign("ES256", claims)));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a.b")]
    [InlineData("a.b.c.d")]
    [InlineData("a.b.c.d.e")]
    public void What_has_not_three_parts_is_no_token(string text) =>
        Assert.Equal(TokenProblem.Malformed, Verify(text));

    [Fact]
    public void A_token_that_is_too_long_is_not_looked_at()
    {
        var claims = TestIssuer.Claims[..^1] + $",\"x\":\"{new string('x', 64 * 1024)}\"}}";

        Assert.Equal(TokenProblem.Malformed, Verify(TestIssuer.Sign("RS256", claims)));
    }

    [Theory]
    [InlineData(61, TokenProblem.Expired)]
    [InlineData(59, TokenProblem.None)]
    public void The_end_is_taken_with_a_minute_of_grace(int late, TokenProblem expected)
    {
        var claims = $$"""{"iss":"{{TestIssuer.Name}}","aud":"shop","exp":{{TestIssuer.Now.ToUnixTimeSeconds()}}}""";

        var problem = Verify(TestIssuer.Sign("RS256", claims), Rule, TestIssuer.Now.AddSeconds(late));

        Assert.Equal(expected, problem);
    }

    [Theory]
    [InlineData(-61, TokenProblem.NotYetValid)]
    [InlineData(-59, TokenProblem.None)]
    public void The_beginning_is_taken_with_a_minute_of_grace(int early, TokenProblem expected)
    {
        var claims = $$"""{"iss":"{{TestIssuer.Name}}","aud":"shop","nbf":{{TestIssuer.Now.ToUnixTimeSeconds()}}}""";

        var problem = Verify(TestIssuer.Sign("RS256", claims), Rule, TestIssuer.Now.AddSeconds(early));

        Assert.Equal(expected, problem);
    }

    [Theory]
    [InlineData("""  ,"exp":0""", TokenProblem.Expired)]
    [InlineData("""  ,"exp":1800000000.5""", TokenProblem.None)]
    [InlineData("", TokenProblem.None)]
    public void The_end_may_have_a_fraction_or_be_missing(string more, TokenProblem expected)
    {
        var claims = $$"""{"iss":"{{TestIssuer.Name}}","aud":"shop"{{more}}}""";

        Assert.Equal(expected, Verify(TestIssuer.Sign("RS256", claims)));
    }

    [Theory]
    [InlineData("\"shop\"", TokenProblem.None)]
    [InlineData("[\"x\",\"shop\"]", TokenProblem.None)]
    [InlineData("\"Shop\"", TokenProblem.AudienceNotAllowed)]
    [InlineData("[]", TokenProblem.AudienceNotAllowed)]
    [InlineData("[\"shops\"]", TokenProblem.AudienceNotAllowed)]
    public void One_audience_must_be_one_of_the_rules(string audience, TokenProblem expected)
    {
        var claims = $$"""{"iss":"{{TestIssuer.Name}}","aud":{{audience}}}""";

        Assert.Equal(expected, Verify(TestIssuer.Sign("RS256", claims)));
    }

    [Fact]
    public void A_token_without_audience_is_for_nobody_unless_the_rule_names_none()
    {
        var text = TestIssuer.Sign("RS256", $$"""{"iss":"{{TestIssuer.Name}}"}""");

        Assert.Equal(TokenProblem.AudienceNotAllowed, Verify(text));
        Assert.Equal(TokenProblem.None, Verify(text, Rule with { Audiences = [] }));
    }

    [Theory]
    [InlineData("""{"iss":"https://issuer.example/","aud":"shop"}""")]
    [InlineData("""{"aud":"shop"}""")]
    public void The_issuer_is_compared_to_the_letter(string claims) =>
        Assert.Equal(TokenProblem.UnknownIssuer, Verify(TestIssuer.Sign("RS256", claims)));

    [Fact]
    public void A_key_of_another_name_is_not_tried()
    {
        var text = TestIssuer.Sign("RS256", header: """{"alg":"RS256","kid":"other"}""");

        Assert.Equal(TokenProblem.NoKey, Verify(text));
        Assert.Equal(
            TokenProblem.None, Verify(text, Rule with { Keys = Keys($$"""{"keys":[{{TestIssuer.RsaKey()}}]}""") }));
    }

    [Fact]
    public void Without_keys_no_token_is_accepted() =>
        Assert.Equal(TokenProblem.NoKey, Verify(TestIssuer.Sign("RS256"), Rule with { Keys = JsonWebKeySet.Empty }));

    [Theory]
    [InlineData("RS256")]
    [InlineData("PS384")]
    [InlineData("ES256")]
    [InlineData("ES512")]
    public void No_changed_token_is_accepted_and_none_throws(string algorithm)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \0\u00e9\ud800{\"";
        var text = TestIssuer.Sign(algorithm);
        var random = new Random(20261127);

        for (var i = 0; i < text.Length; i++)
        {
            var changed = text.ToCharArray();
            while (changed[i] == text[i]) changed[i] = Alphabet[random.Next(Alphabet.Length)];
            AssertRefused(new string(changed));
            AssertRefused(text.Remove(i, 1));
            AssertRefused(text.Insert(i, Alphabet[random.Next(Alphabet.Length)].ToString()));
            AssertRefused(text[..i]);
        }

        AssertRefused(text + "A");
        AssertRefused(text + "=");
        AssertRefused(text + " ");
    }

    [Fact]
    public void No_nonsense_throws()
    {
        var random = new Random(7);
        for (var i = 0; i < 2000; i++)
        {
            var bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            AssertRefused(Encoding.Latin1.GetString(bytes));
            AssertRefused($"{TestIssuer.Text("""{"alg":"ES256"}""")}.{TestIssuer.Text(bytes)}.{TestIssuer.Text(bytes)}");
            AssertRefused($"{TestIssuer.Text(bytes)}.{TestIssuer.Text(TestIssuer.Claims)}.AAAA");
        }
    }

    private static void AssertRefused(string text) => Assert.NotEqual(TokenProblem.None, Verify(text));

    private static TokenProblem Verify(string text) => Verify(text, Rule, TestIssuer.Now);

    private static TokenProblem Verify(string text, TokenRule rule) => Verify(text, rule, TestIssuer.Now);

    private static TokenProblem Verify(string text, TokenRule rule, DateTimeOffset now)
    {
        var problem = TokenVerifier.Verify(rule, text, now, out var token);
        Assert.Equal(problem is TokenProblem.None, token is not null);
        return problem;
    }

    private static JsonWebKeySet Keys(string text)
    {
        Assert.True(JsonWebKeySet.TryParse(text, out var keys, out var problem), problem);
        Assert.Empty(keys.LeftOut);
        return keys;
    }
}
