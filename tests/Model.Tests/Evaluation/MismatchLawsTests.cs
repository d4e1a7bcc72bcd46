using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Model.Tests.Evaluation;

/// <summary>Who explains a decision must not decide by himself.</summary>
public sealed class MismatchLawsTests
{
    private static readonly FixedRandom Chance = new(0.5);

    [Fact]
    public void A_route_has_a_mismatch_exactly_when_it_does_not_match()
    {
        var draws = new Random(20261127);
        var matched = 0;
        for (var i = 0; i < 5_000; i++)
        {
            var match = Match(draws);
            var view = View(draws);

            var matches = match.Matches(in view, Chance);
            var mismatch = match.FindMismatch(in view, Chance);

            Assert.Equal(matches, mismatch == RouteMismatch.None);
            Assert.Equal(matches, match.Describe(mismatch, in view).Length == 0);
            if (matches) matched++;
        }

        Assert.InRange(matched, 100, 4_900);
    }

    [Fact]
    public void A_rule_has_a_mismatch_exactly_when_it_does_not_decide()
    {
        var draws = new Random(20261127);
        var (matched, decided) = (0, 0);
        for (var i = 0; i < 5_000; i++)
        {
            var action = (AuthorizationAction)draws.Next(2);
            var policy = new AuthorizationPolicyModel("rule", Rule(draws, 3), Rule(draws, 3));
            var rules = new AuthorizationRules(action, [policy]);
            var view = View(draws);
            var isHttp = draws.Next(4) > 0;
            var model = new AuthorizationModel([new AuthorizationFilter(rules)]);

            var verdict = isHttp ? model.Decide(in view) : model.DecideConnection(in view);
            var mismatch = AuthorizationModel.FindMismatch(rules, policy, in view, isHttp);

            Assert.Equal(verdict.Policy is null, mismatch is not null);
            Assert.NotEqual("", mismatch);
            if (mismatch is null) matched++;
            else decided++;
        }

        Assert.InRange(matched, 500, 4_500);
        Assert.InRange(decided, 500, 4_500);
    }

    [Fact]
    public void The_words_say_what_was_wanted_and_what_there_is()
    {
        var match = new RouteMatchModel
        {
            Path = new PathMatcher(PathMatchKind.Prefix, "/api"),
            Headers = [HeaderMatcher.Of(":method", StringMatcher.Exact("GET")), HeaderMatcher.Of("user-type", StringMatcher.Exact("vip"))],
            QueryParameters = [new QueryParameterMatcher("canary", StringMatcher.Regex("[0-9]+"))],
            GrpcOnly = true,
        };

        Assert.Equal("path: wanted prefix \"/api\", got \"/x\"", Text(match, new TestView("/x")));
        Assert.Equal("method: wanted exact \"GET\", got \"PUT\"", Text(match, new TestView("/api") { Method = "PUT" }));
        Assert.Equal("header user-type: wanted exact \"vip\", got none", Text(match, new TestView("/api")));
        Assert.Equal(
            "query parameter canary: wanted regex \"[0-9]+\", got \"x\"",
            Text(match, new TestView("/api?canary=x", ("user-type", "vip"))));
        Assert.Equal(
            "content-type: wanted a gRPC call, got none", Text(match, new TestView("/api?canary=1", ("user-type", "vip"))));
    }

    private static string Text(RouteMatchModel match, TestView view) =>
        match.Describe(match.FindMismatch(in view, Chance), in view);

    private static RouteMatchModel Match(Random draws) => new()
    {
        Path = draws.Next(3) switch
        {
            0 => PathMatcher.Any,
            1 => new PathMatcher(PathMatchKind.SegmentPrefix, Pick(draws, "/a", "/b")),
            _ => new PathMatcher(PathMatchKind.Regex, "/[ab].*"),
        },
        Headers = [.. Enumerable.Range(0, draws.Next(3)).Select(_ => Header(draws))],
        QueryParameters = draws.Next(3) == 0 ? [new QueryParameterMatcher("q", StringMatcher.Exact("1"))] : [],
        GrpcOnly = draws.Next(8) == 0,
        Share = draws.Next(8) == 0 ? Fraction.FromPercent(draws.Next(101)) : Fraction.All,
    };

    private static HeaderMatcher Header(Random draws) => draws.Next(3) switch
    {
        0 => HeaderMatcher.OfPresence("x", draws.Next(2) == 0),
        1 => HeaderMatcher.Of(":method", StringMatcher.Exact(Pick(draws, "GET", "PUT"))),
        _ => HeaderMatcher.Of(
            "x", StringMatcher.Prefix(Pick(draws, "1", "2")), draws.Next(2) == 0, treatMissingAsEmpty: draws.Next(2) == 0),
    };

    private static RequestRule Rule(Random draws, int depth) => draws.Next(depth == 0 ? 6 : 9) switch
    {
        0 => new RequestRule.Always(),
        1 => new RequestRule.Header(Header(draws)),
        2 => new RequestRule.UrlPath(StringMatcher.Prefix(Pick(draws, "/a", "/b"))),
        3 => new RequestRule.Authenticated(draws.Next(2) == 0 ? null : StringMatcher.Suffix(Pick(draws, "/a", "/b"))),
        4 => new RequestRule.DestinationPorts(8000, draws.Next(7999, 9000)),
        5 => new RequestRule.SourceAddress(System.Net.IPNetwork.Parse(Pick(draws, "127.0.0.0/8", "10.0.0.0/8"))),
        6 => new RequestRule.And(Rules(draws, depth)),
        7 => new RequestRule.Or(Rules(draws, depth)),
        _ => new RequestRule.Not(Rule(draws, depth - 1)),
    };

    private static ImmutableArray<RequestRule> Rules(Random draws, int depth) =>
        [.. Enumerable.Range(0, draws.Next(4)).Select(_ => Rule(draws, depth - 1))];

    private static TestView View(Random draws)
    {
        (string, string)[] headers =
        [
            .. Enumerable.Range(0, draws.Next(3)).Select(_ => ("x", Pick(draws, "1", "12", "2"))),
            .. draws.Next(2) == 0 ? new[] { ("content-type", "application/grpc") } : [],
        ];
        return new TestView(Pick(draws, "/", "/a", "/a/x?q=1", "/b?q=1"), headers)
        {
            Method = Pick(draws, "GET", "PUT"),
            PeerId = Pick(draws, "", "spiffe://d/ns/x/sa/a"),
        };
    }

    private static string Pick(Random draws, params string[] options) => options[draws.Next(options.Length)];
}
