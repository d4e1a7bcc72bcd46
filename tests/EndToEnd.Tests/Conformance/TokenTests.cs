using MeshOrleans.Testing;

namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>T29 of the conformance cases.</summary>
[Collection(nameof(ConformanceMesh))]
public sealed class TokenTests(ConformanceMesh mesh)
{
    private const string Policy = """
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: req, namespace: app}, spec: {selector: {matchLabels: {app: b}}, rules: [{from: [{source: {requestPrincipals: ["iss1/sub1"]}}], when: [{key: "request.auth.claims[groups]", values: [g1]}]}]}}
        """;

    private static readonly string Good = Token("iss1", "sub1", "aud1");

    [Fact]
    public async Task T29_a_good_token_opens_the_door_and_the_application_learns_what_it_says()
    {
        await using var rules = await mesh.WithAsync($"{Rule()}\n---\n{Policy}");

        var answer = await mesh.A.GetAsync("http://b/x", Bearer(Good), ("x-sub", "mallory"));
        var parameter = await mesh.A.GetAsync("http://b/x?a=1&access_token=" + Good);

        Assert.Equal((200, 200), (answer.Code, parameter.Code));
        Assert.Equal((Good.Split('.')[1], "sub1", null), (Seen(answer, "x-jwt"), Seen(answer, "x-sub"), Seen(answer, "authorization")));
        Assert.DoesNotContain("access_token", parameter.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task T29_a_token_in_the_query_stays_out_of_the_path_before_a_rewrite_too()
    {
        await using var rules = await mesh.WithAsync($$$"""
            {{{Rule()}}}
            ---
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: b, namespace: app}, spec: {hosts: [b], http: [{match: [{uri: {prefix: /old}}], rewrite: {uri: /new}, route: [{destination: {host: b}}]}]}}
            """);

        var answer = await mesh.A.GetAsync("http://b/old?a=1&access_token=" + Good);

        Assert.Equal(200, answer.Code);
        Assert.Equal("/old?a=1", Seen(answer, "x-envoy-original-path"));
        Assert.DoesNotContain(Good, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task T29_who_has_no_token_or_another_is_kept_out()
    {
        await using var rules = await mesh.WithAsync($"{Rule()}\n---\n{Policy}");

        Assert.Equal(403, (await mesh.A.GetAsync("http://b/")).Code);
        Assert.Equal(403, (await mesh.A.GetAsync("http://b/", Bearer(Token("iss1", "sub2", "aud1")))).Code);
        Assert.Equal(403, (await mesh.A.GetAsync("http://b/", Bearer(Token("iss1", "sub1", "aud1", group: "g2")))).Code);
    }

    [Fact]
    public async Task T29_a_token_that_is_not_right_is_refused_by_any_port_that_looks_at_tokens()
    {
        await using var rules = await mesh.WithAsync(Rule());
        var bad = new[] { Token("iss1", "sub1", "aud1", seconds: -120), Token("iss2", "sub1", "aud1"), Good[..^8] + "AAAAAAAA", "x" };

        foreach (var token in bad)
        {
            var answer = await mesh.A.GetAsync("http://b/", Bearer(token));

            Assert.Equal(401, answer.Code);
            Assert.EndsWith(", error=\"invalid_token\"", answer.Headers["www-authenticate"], StringComparison.Ordinal);
        }

        Assert.Equal(403, (await mesh.A.GetAsync("http://b/", Bearer(Token("iss1", "sub1", "aud2")))).Code);
        Assert.Equal(200, (await mesh.A.GetAsync("http://b/")).Code);
        Assert.Equal(200, (await mesh.A.GetAsync("http://c/", Bearer("x"))).Code);
    }

    [Fact]
    public async Task T29_a_preflight_is_not_asked_for_a_token()
    {
        await using var rules = await mesh.WithAsync(Rule());
        var expired = Bearer(Token("iss1", "sub1", "aud1", seconds: -120));

        var preflight = await mesh.A.SendAsync(
            HttpMethod.Options, "http://b/", expired, ("origin", "http://a.example"), ("access-control-request-method", "PUT"));
        var other = await mesh.A.SendAsync(HttpMethod.Options, "http://b/", expired, ("origin", "http://a.example"));

        Assert.Equal((200, 401), (preflight.Code, other.Code));
    }

    [Fact]
    public async Task T29_a_token_is_kept_where_the_rule_says_so()
    {
        await using var rules = await mesh.WithAsync(Rule(", forwardOriginalToken: true"));

        Assert.Equal($"Bearer {Good}", Seen(await mesh.A.GetAsync("http://b/", Bearer(Good)), "authorization"));
    }

    [Fact]
    public async Task T29_without_keys_any_token_is_refused_and_nobody_else_is()
    {
        await using var rules = await mesh.WithAsync(Rule(keys: """{"keys":[]}"""));

        Assert.Equal(401, (await mesh.A.GetAsync("http://b/", Bearer(Good))).Code);
        Assert.Equal(200, (await mesh.A.GetAsync("http://b/")).Code);
    }

    private static string Rule(string more = "", string? keys = null) =>
        "{apiVersion: security.istio.io/v1, kind: RequestAuthentication, metadata: {name: jwt, namespace: app}, "
        + "spec: {selector: {matchLabels: {app: b}}, jwtRules: [{issuer: iss1, audiences: [aud1], "
        + $"jwks: '{keys ?? TestIssuer.KeySet}', outputPayloadToHeader: x-jwt, "
        + $"outputClaimToHeaders: [{{header: x-sub, claim: sub}}]{more}}}]}}}}";

    private static string Token(string issuer, string subject, string audience, string group = "g1", int seconds = 600)
    {
        var end = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + seconds;
        return TestIssuer.Sign(
            "RS256", $$"""{"iss":"{{issuer}}","sub":"{{subject}}","aud":"{{audience}}","groups":["{{group}}"],"exp":{{end}}}""");
    }

    private static (string Name, string Value) Bearer(string token) => ("authorization", $"Bearer {token}");

    private static string? Seen(Answer answer, string header) =>
        answer.Echo.GetProperty("headers").TryGetProperty(header, out var value) ? value.GetString() : null;
}
