using System.Collections.Frozen;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tests.Evaluation;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Testing;

namespace MeshOrleans.Model.Tests.Tokens;

public sealed class TokenAuthenticationTests
{
    private static readonly TokenRule Rule = new() { Issuer = TestIssuer.Name, Keys = Keys };

    private static readonly string Good = TestIssuer.Sign("ES256");

    private static readonly string Other = TestIssuer.Sign("ES256", """{"iss":"other","sub":"bob"}""");

    private static JsonWebKeySet Keys =>
        JsonWebKeySet.TryParse(TestIssuer.KeySet, out var keys, out _) ? keys : throw new InvalidOperationException();

    [Fact]
    public void A_request_without_token_passes_and_is_nobodys()
    {
        var outcome = Judge(new TestView("/?a=b", ("authorization", "Basic YTpi"), ("cookie", "a=b")), Rule);

        Assert.Equal(default, outcome);
    }

    [Theory]
    [InlineData("Bearer {0}")]
    [InlineData("bearer {0}")]
    [InlineData("BEARER   {0} ")]
    [InlineData("Bearer\t{0}")]
    public void The_token_is_in_the_authorization_header(string value)
    {
        var outcome = Judge(new TestView("/", ("authorization", string.Format(value, Good))), Rule);

        Assert.Equal("alice", outcome.Token?.Subject);
    }

    [Theory]
    [InlineData("/?access_token={0}")]
    [InlineData("/?a=b&access_token={0}&c=d")]
    [InlineData("/?access%5Ftoken={0}")]
    public void The_token_is_in_the_parameter(string path)
    {
        var outcome = Judge(new TestView(string.Format(path, Good)), Rule);

        Assert.Equal("alice", outcome.Token?.Subject);
    }

    [Theory]
    [InlineData("authorization", "Bearer")]
    [InlineData("authorization", "Bearer x.y.z")]
    [InlineData("authorization", "Bearer {0}, Bearer {0}")]
    public void What_is_no_token_is_refused(string name, string value)
    {
        var outcome = Judge(new TestView("/", (name, string.Format(value, Good))), Rule);

        Assert.Equal(TokenProblem.Malformed, outcome.Problem);
    }

    [Fact]
    public void Of_two_tokens_both_must_be_good()
    {
        var bearer = $"Bearer {Good}";

        var outcome = Judge(new TestView("/", ("authorization", bearer), ("authorization", bearer + "=")), Rule);
        var mixed = Judge(new TestView("/?access_token=x", ("authorization", bearer)), Rule);

        Assert.Equal(TokenProblem.Malformed, outcome.Problem);
        Assert.Equal(TokenProblem.Malformed, mixed.Problem);
    }

    [Fact]
    public void Not_more_than_some_tokens_are_looked_at()
    {
        var path = "/?" + string.Join('&', Enumerable.Repeat("access_token=" + Good, 9));

        Assert.Equal(TokenProblem.Malformed, Judge(new TestView(path), Rule).Problem);
    }

    [Fact]
    public void A_rule_that_names_places_looks_only_there()
    {
        var rule = Rule with
        {
            FromHeaders = [new TokenHeader("x-token", "JWT-")],
            FromParameters = ["t"],
            FromCookies = ["c"],
        };

        Assert.Null(Judge(new TestView("/", ("authorization", "Bearer x")), rule).Token);
        Assert.NotNull(Judge(new TestView("/", ("x-token", "JWT-" + Good)), rule).Token);
        Assert.NotNull(Judge(new TestView("/?t=" + Good), rule).Token);
        Assert.NotNull(Judge(new TestView("/", ("cookie", $"a=b; c=\"{Good}\"; d=e")), rule).Token);
        Assert.Equal(default, Judge(new TestView("/", ("x-token", Good)), rule));
    }

    [Fact]
    public void The_rule_of_the_issuer_applies()
    {
        var second = Rule with { Issuer = "other" };

        Assert.Equal("bob", Judge(new TestView("/", ("authorization", "Bearer " + Other)), Rule, second).Token?.Subject);
        Assert.Same(second, Judge(new TestView("/", ("authorization", "Bearer " + Other)), Rule, second).Rule);
        Assert.Equal("alice", Judge(new TestView("/", ("authorization", "Bearer " + Good)), Rule, second).Token?.Subject);
    }

    [Fact]
    public void A_token_of_an_unknown_issuer_is_refused_by_all_rules() =>
        Assert.Equal(
            TokenProblem.UnknownIssuer, Judge(new TestView("/", ("authorization", "Bearer " + Other)), Rule, Rule).Problem);

    [Fact]
    public void What_the_rule_of_the_issuer_says_counts_before_the_others()
    {
        var view = new TestView("/", ("authorization", "Bearer " + Good));
        var strict = Rule with { Audiences = ["bank"] };
        var other = Rule with { Issuer = "other" };

        Assert.Equal(TokenProblem.AudienceNotAllowed, Judge(view, strict, other).Problem);
        Assert.Equal(TokenProblem.AudienceNotAllowed, Judge(view, other, strict).Problem);
    }

    [Fact]
    public void A_preflight_is_not_asked_for_tokens()
    {
        var preflight = new TestView(
            "/",
            ("authorization", "Bearer x"),
            ("origin", "http://a.example"),
            ("access-control-request-method", "PUT"))
        {
            Method = "OPTIONS",
        };
        var options = new TestView("/", ("authorization", "Bearer x"), ("origin", "http://a.example"))
        {
            Method = "OPTIONS",
        };

        Assert.Equal(TokenProblem.None, Judge(preflight, Rule).Problem);
        Assert.Equal(TokenProblem.None, Judge(preflight with { }, Rule).Problem);
        Assert.Equal(TokenProblem.Malformed, Judge(options, Rule).Problem);
    }

    [Fact]
    public void A_token_that_was_verified_before_is_refused_once_its_time_is_over()
    {
        var authentication = new TokenAuthentication([Rule]);
        var view = new TestView("/", ("authorization", "Bearer " + Good));

        Assert.NotNull(authentication.Judge(in view, TestIssuer.Now).Token);
        var again = authentication.Judge(in view, TestIssuer.Now);
        var late = authentication.Judge(in view, TestIssuer.Now.AddSeconds(361));

        Assert.Same(again.Token, authentication.Judge(in view, TestIssuer.Now).Token);
        Assert.Equal(TokenProblem.Expired, late.Problem);
        Assert.Null(late.Token);
    }

    [Fact]
    public void Remembered_tokens_are_bounded()
    {
        Assert.Equal(
            TokenProblem.None, TokenVerifier.Verify(Rule, Good, TestIssuer.Now, out var token));
        var cache = new TokenCache(capacity: 8);

        for (var i = 0; i < 1000; i++) cache.Add(TokenCache.Key.Of(i.ToString()), token!);

        Assert.InRange(cache.Count, 1, 8);
        Assert.NotNull(cache.Find(TokenCache.Key.Of("999")));
        Assert.Null(cache.Find(TokenCache.Key.Of("0")));
    }

    [Theory]
    [InlineData("name", "n")]
    [InlineData("age", "7")]
    [InlineData("ok", "true")]
    [InlineData("nested.role", "admin")]
    [InlineData("nested.role.x", null)]
    [InlineData("dotted.name", "d")]
    [InlineData("list", "WyJhIiwgMV0=")]
    [InlineData("evil", null)]
    [InlineData("umlaut", null)]
    [InlineData("nothing", null)]
    [InlineData("absent", null)]
    public void A_claim_becomes_a_header_if_it_can(string path, string? expected)
    {
        var token = Token("""
            "name":"n","age":7,"ok":true,"nested":{"role":"admin"},"dotted.name":"d","list":["a", 1],
            "evil":"a\r\nx-admin: 1","umlaut":"\u00fc","nothing":null
            """);

        Assert.Equal(expected, token.HeaderValue(path));
    }

    [Theory]
    [InlineData("groups", "g1", true)]
    [InlineData("groups", "g", false)]
    [InlineData("name", "g1", true)]
    [InlineData("scope", "read", true)]
    [InlineData("scope", "read write", false)]
    [InlineData("words", "a b", true)]
    [InlineData("words", "a", false)]
    [InlineData("age", "7", false)]
    [InlineData("nested/groups", "g2", true)]
    [InlineData("nested", "g2", false)]
    [InlineData("absent", "g1", false)]
    public void A_policy_sees_strings_and_lists_of_strings(string path, string value, bool expected)
    {
        var token = Token("""
            "groups":["g1","g2",7],"name":"g1","scope":"read write","words":"a b","age":7,"nested":{"groups":["g2"]}
            """);
        var text = new ClaimMatcher.Text(StringMatcher.Exact(value));
        var policy = new AuthorizationPolicyModel(
            "p",
            new RequestRule.Always(),
            new RequestRule.TokenClaim(
                [.. path.Split('/')], new ClaimMatcher.Either([text, new ClaimMatcher.OneOf(text)])));
        var model = new AuthorizationModel(
            [new AuthorizationFilter(new AuthorizationRules(AuthorizationAction.Allow, [policy]))]);

        Assert.Equal(expected, model.Decide(new TestView { Token = token }).Allowed);
        Assert.False(model.Decide(new TestView()).Allowed);
        Assert.False(model.DecideConnection(new TestView()).Allowed);
    }

    [Theory]
    [InlineData("admin", false, true)]
    [InlineData("admin", true, false)]
    [InlineData("guest", false, false)]
    [InlineData("guest", true, true)]
    [InlineData(null, false, false)]
    [InlineData(null, true, true)]
    public void A_route_may_ask_for_a_claim(string? role, bool invert, bool expected)
    {
        var matcher = new ClaimMatcher.Text(StringMatcher.Exact("admin"));
        var match = new RouteMatchModel { Claims = [new ClaimCondition(["role"], matcher, invert)] };
        var view = new TestView("/", ("role", "admin")) { Token = role is null ? null : Token($"\"role\":\"{role}\"") };

        Assert.Equal(expected, match.Matches(in view, new FixedRandom(0)));
    }

    [Theory]
    [InlineData("a=1&access_token=x&b=2", '&', "a=1&b=2")]
    [InlineData("access_token=x", '&', "")]
    [InlineData("access%5ftoken=x&access_token", '&', "")]
    [InlineData("a=1; access_token=x; b=2", ';', "a=1; b=2")]
    [InlineData("access_token=x; b=2", ';', "b=2")]
    public void A_token_is_taken_out_of_its_place(string text, char separator, string expected) =>
        Assert.Equal(expected, TokenPlaces.Without(text, separator, "access_token"));

    private static VerifiedToken Token(string claims)
    {
        var rule = Rule with { SpaceDelimited = FrozenSet.Create("scope") };
        var text = TestIssuer.Sign("ES256", $$"""{"iss":"{{TestIssuer.Name}}",{{claims}}}""");
        Assert.Equal(TokenProblem.None, TokenVerifier.Verify(rule, text, TestIssuer.Now, out var token));
        return token!;
    }

    private static TokenOutcome Judge(TestView view, params TokenRule[] rules) =>
        new TokenAuthentication([.. rules]).Judge(in view, TestIssuer.Now);
}
