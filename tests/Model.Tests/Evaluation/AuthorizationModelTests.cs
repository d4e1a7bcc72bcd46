using System.Net;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Model.Tests.Evaluation;

public sealed class AuthorizationModelTests
{
    private const string A = "spiffe://cluster.local/ns/app/sa/a";
    private const string Other = "spiffe://cluster.local/ns/other/sa/o";

    private static readonly RequestRule Always = new RequestRule.Always();

    private static readonly AuthorizationRules AllowA = Rules(
        AuthorizationAction.Allow,
        "ns[app]-policy[allow]-rule[0]",
        new RequestRule.And([
            new RequestRule.Header(HeaderMatcher.Of(":method", StringMatcher.Exact("GET"))),
            new RequestRule.UrlPath(StringMatcher.Prefix("/allow")),
        ]),
        new RequestRule.Authenticated(StringMatcher.Exact(A)));

    private static readonly AuthorizationRules DenyAdmin = Rules(
        AuthorizationAction.Deny, "ns[app]-policy[deny]-rule[0]", new RequestRule.UrlPath(StringMatcher.Exact("/allow/admin")), Always);

    // T27
    [Theory]
    [InlineData("GET", "/allow/x", A, true, "ns[app]-policy[allow]-rule[0]")]
    [InlineData("GET", "/allow/admin", A, false, "ns[app]-policy[deny]-rule[0]")]
    [InlineData("POST", "/allow/x", A, false, null)]
    [InlineData("GET", "/other", A, false, null)]
    [InlineData("GET", "/allow/x", Other, false, null)]
    [InlineData("GET", "/allow/x", "", false, null)]
    public void Deny_comes_first_then_one_allow_must_match(string method, string path, string peer, bool allowed, string? policy)
    {
        var model = new AuthorizationModel([new(DenyAdmin), new(AllowA)]);
        var view = new TestView(path) { Method = method, PeerId = peer };

        var verdict = model.Decide(in view);

        Assert.Equal((allowed, policy), (verdict.Allowed, verdict.Policy));
    }

    [Fact]
    public void No_filter_allows_an_empty_allow_denies_and_an_empty_deny_allows()
    {
        var view = new TestView("/");

        Assert.True(AuthorizationModel.AllowAll.Decide(in view).Allowed);
        Assert.False(new AuthorizationModel([new(new(AuthorizationAction.Allow, []))]).Decide(in view).Allowed);
        Assert.True(new AuthorizationModel([new(new(AuthorizationAction.Deny, []))]).Decide(in view).Allowed);
        Assert.True(new AuthorizationModel([new(Rules(AuthorizationAction.Allow, "all", Always, Always))]).Decide(in view).Allowed);
        Assert.True(new AuthorizationModel([new(Rules(AuthorizationAction.Log, "audit", Always, Always))]).Decide(in view).Allowed);
    }

    [Fact]
    public void A_policy_on_trial_is_reported_and_not_enforced()
    {
        var model = new AuthorizationModel([new(null, DenyAdmin), new(AllowA)]);
        var view = new TestView("/allow/admin") { PeerId = A };

        var verdict = model.Decide(in view);

        Assert.True(verdict.Allowed);
        Assert.Equal((false, "ns[app]-policy[deny]-rule[0]"), (verdict.ShadowAllowed, verdict.ShadowPolicy));
    }

    [Fact]
    public void Not_principals_star_matches_plaintext()
    {
        var model = new AuthorizationModel([new(Rules(
            AuthorizationAction.Deny, "p", Always, new RequestRule.Not(new RequestRule.Authenticated(StringMatcher.Regex(".+")))))]);
        var plain = new TestView("/");
        var mesh = new TestView("/") { PeerId = A };

        Assert.Equal((false, true), (model.Decide(in plain).Allowed, model.Decide(in mesh).Allowed));
    }

    // Reliability A2, row 5: whoever repeats a header gets the stricter reading, with and without negation.
    [Theory]
    [InlineData(AuthorizationAction.Deny, false, "admin,user", false)]
    [InlineData(AuthorizationAction.Deny, false, "user,admin", false)]
    [InlineData(AuthorizationAction.Deny, false, "user,guest", true)]
    [InlineData(AuthorizationAction.Deny, true, "admin,user", false)]
    [InlineData(AuthorizationAction.Deny, true, "admin,admin", true)]
    [InlineData(AuthorizationAction.Allow, false, "admin,user", false)]
    [InlineData(AuthorizationAction.Allow, false, "admin,admin", true)]
    [InlineData(AuthorizationAction.Allow, true, "admin,user", false)]
    [InlineData(AuthorizationAction.Allow, true, "user,guest", true)]
    public void Repeated_headers_are_read_strictly(AuthorizationAction action, bool negated, string values, bool allowed)
    {
        RequestRule rule = new RequestRule.Header(HeaderMatcher.Of("role", StringMatcher.Exact("admin")));
        var model = new AuthorizationModel([new(Rules(action, "p", negated ? new RequestRule.Not(rule) : rule, Always))]);
        var view = new TestView("/", [.. values.Split(',').Select(v => ("role", v))]);

        Assert.Equal(allowed, model.Decide(in view).Allowed);
    }

    [Fact]
    public void Two_lines_that_an_application_joins_are_denied_as_joined()
    {
        var rule = new RequestRule.Header(HeaderMatcher.Of("h", StringMatcher.Exact("a,b")));
        var model = new AuthorizationModel([new(Rules(AuthorizationAction.Deny, "p", rule, Always))]);
        var view = new TestView("/", ("h", "a"), ("h", "b"));

        Assert.False(model.Decide(in view).Allowed);
    }

    [Theory]
    [InlineData(AuthorizationAction.Allow, false, false)]
    [InlineData(AuthorizationAction.Allow, true, false)]
    [InlineData(AuthorizationAction.Deny, false, false)]
    [InlineData(AuthorizationAction.Deny, true, false)]
    public void On_a_connection_of_bytes_HTTP_fields_never_open_anything(AuthorizationAction action, bool negated, bool allowed)
    {
        RequestRule rule = new RequestRule.UrlPath(StringMatcher.Exact("/x"));
        var model = new AuthorizationModel([new(Rules(action, "p", negated ? new RequestRule.Not(rule) : rule, Always))]);
        var view = new TestView("/");

        Assert.Equal(allowed, model.DecideConnection(in view).Allowed);
    }

    [Fact]
    public void Ports_addresses_and_server_names_are_compared()
    {
        var view = new TestView("/") { SourceAddress = IPAddress.Parse("::ffff:10.1.2.3"), ServerName = "b.app", DestinationPort = 9000 };
        bool Holds(RequestRule rule) =>
            new AuthorizationModel([new(Rules(AuthorizationAction.Allow, "p", rule, Always))]).Decide(in view).Allowed;

        Assert.True(Holds(new RequestRule.SourceAddress(IPNetwork.Parse("10.1.0.0/16"))));
        Assert.False(Holds(new RequestRule.SourceAddress(IPNetwork.Parse("10.2.0.0/16"))));
        Assert.True(Holds(new RequestRule.DestinationPorts(9000, 9000)));
        Assert.False(Holds(new RequestRule.DestinationPorts(1, 8999)));
        Assert.True(Holds(new RequestRule.ServerName(StringMatcher.Suffix(".app"))));
    }

    [Theory]
    [InlineData("/a/{*}/c", "/a/b/c", true)]
    [InlineData("/a/{*}/c", "/a//c", false)]
    [InlineData("/a/{*}/c", "/a/b/d/c", false)]
    [InlineData("/a/{**}", "/a/b/c", true)]
    [InlineData("/a/{**}", "/ab", false)]
    [InlineData("/a", "/a", true)]
    [InlineData("/a", "/a/", false)]
    [InlineData("/{**}/end", "/a/end", true)]
    [InlineData("/{**}/end", "/a/b/end", true)]
    [InlineData("/{**}/end", "//end", true)]
    [InlineData("/{**}/end", "/end", false)]
    [InlineData("/{**}/end", "/a/bend", false)]
    [InlineData("/{**}/end", "/a/end/", false)]
    [InlineData("/a/{*}/{**}/x/end", "/a/b/c/x/end", true)]
    [InlineData("/a/{*}/{**}/x/end", "/a/b/x/end", false)]
    public void Templates_match_by_segment(string template, string path, bool expected) =>
        Assert.Equal(expected, new PathTemplate(template).Matches(path));

    private static AuthorizationRules Rules(AuthorizationAction action, string name, RequestRule permission, RequestRule principal) =>
        new(action, [new AuthorizationPolicyModel(name, permission, principal)]);
}
