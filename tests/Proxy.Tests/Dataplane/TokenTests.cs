using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Testing;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Tokens in front of the workload (behaviour row 83), as a stranger without a sidecar sends them.</summary>
public sealed class TokenTests
{
    private static readonly TokenRule Rule = new()
    {
        Issuer = TestIssuer.Name,
        Audiences = ["shop"],
        Keys = JsonWebKeySet.TryParse(TestIssuer.KeySet, out var keys, out _) ? keys : JsonWebKeySet.Empty,
        PayloadHeader = "x-jwt",
        ClaimHeaders = [new ClaimHeader("x-sub", "sub")],
    };

    private static readonly string Good = TestIssuer.Sign("ES256");

    [Fact]
    public async Task A_good_token_is_taken_out_and_what_it_says_is_passed_on()
    {
        await using var port = await Port.StartAsync(Rule);

        var answer = await port.SendAsync("/x?a=1&access_token=" + Good, $"Authorization: Bearer {Good}");

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        var seen = Assert.Single(port.App.Requests);
        Assert.Equal("/x?a=1", seen.RawTarget);
        Assert.Equal(("alice", Good.Split('.')[1]), (seen.Headers["x-sub"], seen.Headers["x-jwt"]));
        Assert.False(seen.Headers.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task A_token_stays_where_the_rule_says_so()
    {
        await using var port = await Port.StartAsync(Rule with { Forward = true });

        await port.SendAsync("/", $"Authorization: Bearer {Good}");

        Assert.Equal($"Bearer {Good}", Assert.Single(port.App.Requests).Headers["Authorization"]);
    }

    [Fact]
    public async Task A_token_is_taken_out_of_the_cookies_and_the_others_stay()
    {
        await using var port = await Port.StartAsync(Rule with { FromCookies = ["t"] });

        await port.SendAsync("/", $"Cookie: a=b; t={Good}; c=d");

        Assert.Equal("a=b; c=d", Assert.Single(port.App.Requests).Headers["Cookie"]);
    }

    [Theory]
    [InlineData("Authorization: Basic YTpi")]
    [InlineData("x-other: 1")]
    public async Task Without_a_token_a_caller_cannot_say_what_a_token_would(string header)
    {
        await using var port = await Port.StartAsync(Rule);

        var answer = await port.SendAsync("/", header, "X-Sub: mallory", "X_Sub: mallory", "x-JWT: e30");

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        var seen = Assert.Single(port.App.Requests).Headers;
        Assert.False(seen.ContainsKey("x-sub") || seen.ContainsKey("x_sub") || seen.ContainsKey("x-jwt"));
        Assert.Contains(header.Split(':')[0], seen.Keys, StringComparer.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("x.y.z", 401)]
    [InlineData("""{"iss":"other","aud":"shop"}""", 401)]
    [InlineData("""{"iss":"https://issuer.example","aud":"shop","exp":1}""", 401)]
    [InlineData("""{"iss":"https://issuer.example","aud":"bank"}""", 403)]
    public async Task A_token_that_is_not_accepted_is_refused_in_Envoys_words(string claims, int code)
    {
        await using var port = await Port.StartAsync(Rule);
        var token = claims[0] == '{' ? TestIssuer.Sign("RS256", claims) : claims;

        var answer = (await port.SendAsync("/a\"b?c=d", $"Authorization: Bearer {token}"))!;

        Assert.StartsWith($"HTTP/1.1 {code}", answer, StringComparison.Ordinal);
        Assert.Contains(
            "WWW-Authenticate: Bearer realm=\"http://b/a%22b\", error=\"invalid_token\"\r\n", answer, StringComparison.Ordinal);
        Assert.Equal(0, port.App.Calls);
    }

    [Fact]
    public async Task A_preflight_brings_the_application_no_token_that_nobody_has_looked_at()
    {
        await using var port = await Port.StartAsync(Rule);

        var answer = await RawHttp.SendAsync(
            port.Proxy.InboundPort,
            "OPTIONS /x?access_token=x.y.z HTTP/1.1\r\nHost: b\r\nOrigin: http://o\r\nAccess-Control-Request-Method: GET\r\n"
            + "Authorization: Bearer x.y.z\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        var seen = Assert.Single(port.App.Requests);
        Assert.Equal(("/x", false), (seen.RawTarget, seen.Headers.ContainsKey("Authorization")));
    }

    [Fact]
    public async Task Without_keys_only_who_has_a_token_is_refused()
    {
        await using var port = await Port.StartAsync(Rule with { Keys = JsonWebKeySet.Empty });

        Assert.StartsWith("HTTP/1.1 200", await port.SendAsync("/"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 401", await port.SendAsync("/?access_token=" + Good), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_sees_the_claims()
    {
        var wanted = new RequestRule.TokenClaim(["sub"], new ClaimMatcher.Text(StringMatcher.Exact("alice")));
        var rules = Models.Rules(AuthorizationAction.Allow, new RequestRule.Always(), wanted);
        await using var port = await Port.StartAsync(rules, Rule);
        var bob = TestIssuer.Sign("ES256", $$"""{"iss":"{{TestIssuer.Name}}","aud":"shop","sub":"bob"}""");

        Assert.StartsWith("HTTP/1.1 200", await port.SendAsync("/?access_token=" + Good), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403", await port.SendAsync("/?access_token=" + bob), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403", await port.SendAsync("/"), StringComparison.Ordinal);
    }

    /// <summary>A workload port with an application behind it.</summary>
    private sealed class Port : IAsyncDisposable
    {
        private Port(TestProxy proxy, EchoBackend app) => (Proxy, App) = (proxy, app);

        public TestProxy Proxy { get; }

        public EchoBackend App { get; }

        public static Task<Port> StartAsync(params TokenRule[] rules) => StartAsync(AuthorizationModel.AllowAll, rules);

        public static async Task<Port> StartAsync(AuthorizationModel policy, params TokenRule[] rules)
        {
            var app = await EchoBackend.StartAsync("app");
            var cluster = Models.Cluster("app", app);
            var model = new ProxyModel().With(cluster).WithInbound(new InboundPortModel
            {
                Port = TestProxy.AppPort,
                Routes = Models.AnyHost(Models.To("app")),
                Authorization = policy,
                Tokens = new TokenAuthentication([.. rules]),
            });
            var proxy = await TestProxy.StartAsync(model, clock: new ManualTimeProvider(TestIssuer.Now));
            return new Port(proxy, app);
        }

        public Task<string?> SendAsync(string target, params string[] headers) => RawHttp.SendAsync(
            Proxy.InboundPort,
            $"GET {target} HTTP/1.1\r\nHost: b\r\n{string.Concat(headers.Select(h => h + "\r\n"))}\r\n");

        public async ValueTask DisposeAsync()
        {
            await Proxy.DisposeAsync();
            await App.DisposeAsync();
        }
    }
}
