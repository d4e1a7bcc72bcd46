using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Configuration.Readers;
using MeshOrleans.Testing;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Jwt;
using MeshOrleans.Xds.Protocol.Matcher;

namespace MeshOrleans.Proxy.Tests.Sidecar;

public sealed class TokenReaderTests
{
    private static readonly FieldPath Root = FieldPath.Root;

    [Fact]
    public void A_filter_becomes_rules_in_the_order_of_its_requirement()
    {
        var read = TokenReader.Read(Filter("b", "a"), Root);

        Assert.Equal(["b", "a"], read.Rules.Select(rule => rule.Issuer));
        Assert.Equal(4, read.Rules[0].Keys.Keys.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"keys":[{"kty":"oct","k":"AA"}]}""")]
    public void Keys_that_cannot_be_used_are_none(string keys)
    {
        var filter = Filter("a");
        filter.Providers["a"].LocalJwks.InlineString = keys;

        var rule = Assert.Single(TokenReader.Read(filter, Root).Rules);

        Assert.Empty(rule.Keys.Keys);
    }

    [Fact]
    public void What_is_not_understood_is_refused()
    {
        AssertRefused("bypass_cors_preflight: must be true", f => f.BypassCorsPreflight = false);
        AssertRefused("rules: must be one for all requests", f => f.Rules.Clear());
        AssertRefused("rules: must be one for all requests", f => f.Rules[0].Match.Prefix = "/a");
        AssertRefused(
            "rules: must be one for all requests",
            f => f.Rules[0].Requires = new JwtRequirement { ProviderName = "a" });
        AssertRefused("providers.a: is required by a rule", f => f.Providers.Remove("a"));
        AssertRefused("providers.a.local_jwks: must be an inline_string", f => f.Providers["a"].LocalJwks = null);
        AssertRefused("providers.a.clock_skew_seconds: must be 60", f => f.Providers["a"].ClockSkewSeconds = 1);
        AssertRefused("providers.a.payload_in_metadata: must be payload", f => f.Providers["a"].PayloadInMetadata = "");
    }

    [Fact]
    public void A_question_about_anything_but_a_claim_is_refused()
    {
        var text = new ValueMatcher { StringMatch = new() { Exact = "x" } };

        AssertRefused("filter: x is not supported", new MetadataMatcher { Filter = "x" });
        AssertRefused("path: must lead from payload to a claim", Claim(text, "payload"));
        AssertRefused("path: must lead from payload to a claim", Claim(text, "other", "iss"));
        AssertRefused("value: ", Claim(new ValueMatcher(), "payload", "iss"));
        var inverted = Claim(text, "payload", "iss");
        inverted.Invert = true;
        AssertRefused("invert: is not supported", inverted);
        Assert.True(TokenReader.Condition(inverted, Root).Invert);
        Assert.Equal(["a", "b"], TokenReader.Claim(Claim(text, "payload", "a", "b"), Root).Path.AsEnumerable());
    }

    private static MetadataMatcher Claim(ValueMatcher value, params string[] path) => new()
    {
        Filter = TokenRequirements.MetadataFilter,
        Path = { path.Select(key => new MetadataMatcher.Types.PathSegment { Key = key }) },
        Value = value,
    };

    private static JwtAuthentication Filter(params string[] issuers)
    {
        var filter = new JwtAuthentication { BypassCorsPreflight = true, Rules = { TokenRequirements.For(issuers) } };
        foreach (var issuer in issuers)
        {
            filter.Providers[issuer] = new JwtProvider
            {
                Issuer = issuer,
                LocalJwks = new() { InlineString = TestIssuer.KeySet },
                PayloadInMetadata = "payload",
            };
        }

        return filter;
    }

    private static void AssertRefused(string expected, Action<JwtAuthentication> spoil)
    {
        var filter = Filter("a");
        spoil(filter);
        var refusal = Assert.Throws<UnusableResourceException>(() => TokenReader.Read(filter, Root));
        Assert.StartsWith(expected, refusal.Message, StringComparison.Ordinal);
    }

    private static void AssertRefused(string expected, MetadataMatcher matcher)
    {
        var refusal = Assert.Throws<UnusableResourceException>(() => TokenReader.Claim(matcher, Root));
        Assert.StartsWith(expected, refusal.Message, StringComparison.Ordinal);
    }
}
