using System.Globalization;
using MeshOrleans.Testing;

namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>Real external authorizers, of HTTP and of gRPC, in front of a real workload (behaviour rows 76, 82).</summary>
[Collection(nameof(ConformanceMesh))]
public sealed class AuthorizerTests(ConformanceMesh mesh)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_CUSTOM_policy_asks_and_the_answer_counts(bool isGrpc)
    {
        await using var authorizer = await TestAuthorizer.StartAsync(isGrpc);
        authorizer.Answer = (question, context) =>
        {
            var isAllowed = question.Headers.GetValueOrDefault("x-pass") == "open";
            if (isGrpc)
            {
                return TestAuthorizer.AnswerGrpcAsync(context, isAllowed
                    ? TestAuthorizer.Allow([("x-user", "alice")], response: [("x-session", "s")])
                    : TestAuthorizer.Deny(401, "who?"));
            }

            context.Response.StatusCode = isAllowed ? 200 : 401;
            context.Response.Headers["x-user"] = "alice";
            context.Response.Headers["x-session"] = "s";
            return Task.CompletedTask;
        };
        await using var rules = await mesh.WithAsync(Manifests(authorizer.Port, isGrpc));

        var allowed = await mesh.A.GetAsync("http://b/ask/x?y=1", ("x-pass", "open"), ("x-user", "forged"));
        var denied = await mesh.A.GetAsync("http://b/ask/x", ("x-pass", "shut"));
        var refused = await mesh.A.GetAsync("http://b/ask/never", ("x-pass", "open"));
        var other = await mesh.A.GetAsync("http://b/other");

        Assert.Equal((200, 401, 403, 200), (allowed.Code, denied.Code, refused.Code, other.Code));
        Assert.Equal("alice", allowed.Echo.GetProperty("headers").GetProperty("x-user").GetString());
        Assert.Equal("s", allowed.Headers["x-session"]);
        Assert.Equal(["/ask/x?y=1", "/ask/x", "/ask/never"], authorizer.Questions.Select(q => q.Target));
        if (isGrpc) Assert.Equal("spiffe://cluster.local/ns/app/sa/a", authorizer.Questions.First().Principal);

        await authorizer.DisposeAsync();
        Assert.Equal(403, (await mesh.A.GetAsync("http://b/ask/x", ("x-pass", "open"))).Code);
    }

    [Fact]
    public async Task Where_nobody_can_be_asked_what_a_policy_matches_is_refused()
    {
        await using var rules = await mesh.WithAsync(
            "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: ask, namespace: app}, spec: {selector: {matchLabels: {app: b}}, action: CUSTOM, provider: {name: nobody}, rules: [{to: [{operation: {paths: [\"/ask*\"]}}]}]}}");

        Assert.Equal(403, (await mesh.A.GetAsync("http://b/ask")).Code);
        Assert.Equal(200, (await mesh.A.GetAsync("http://b/other")).Code);
    }

    [Fact]
    public async Task The_original_client_is_who_the_last_proxy_says()
    {
        await using var rules = await mesh.WithAsync(
            "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: remote, namespace: app}, spec: {selector: {matchLabels: {app: b}}, rules: [{from: [{source: {remoteIpBlocks: [192.0.2.0/24]}}]}, {to: [{operation: {paths: [/here]}}], when: [{key: remote.ip, values: [127.0.0.0/8]}]}]}}");

        Assert.Equal(200, (await mesh.A.GetAsync("http://b/", ("x-forwarded-for", "10.1.1.1, 192.0.2.7"))).Code);
        Assert.Equal(403, (await mesh.A.GetAsync("http://b/", ("x-forwarded-for", "192.0.2.7, 10.1.1.1"))).Code);
        Assert.Equal(403, (await mesh.A.GetAsync("http://b/", ("x-forwarded-for", "192.0.2.7, who"))).Code);
        Assert.Equal(403, (await mesh.A.GetAsync("http://b/")).Code);
        Assert.Equal(200, (await mesh.A.GetAsync("http://b/here")).Code);
    }

    private static string Manifests(int port, bool isGrpc)
    {
        var provider = isGrpc
            ? "envoyExtAuthzGrpc: {service: authz.example, port: 9100}"
            : "envoyExtAuthzHttp: {service: authz.example, port: 9100, includeRequestHeadersInCheck: [x-pass], headersToUpstreamOnAllow: [x-user], headersToDownstreamOnAllow: [x-session]}";
        return $$$"""
            {apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {extensionProviders: [{name: checker, {{{provider}}}}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: authz, namespace: app}, spec: {hosts: [authz.example], resolution: STATIC, ports: [{number: 9100, name: {{{(isGrpc ? "grpc" : "http")}}}, protocol: {{{(isGrpc ? "GRPC" : "HTTP")}}}, targetPort: {{{port.ToString(CultureInfo.InvariantCulture)}}}}], endpoints: [{address: 127.0.0.1}]}}
            ---
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: ask, namespace: app}, spec: {selector: {matchLabels: {app: b}}, action: CUSTOM, provider: {name: checker}, rules: [{to: [{operation: {paths: ["/ask*"]}}]}]}}
            ---
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: never, namespace: app}, spec: {selector: {matchLabels: {app: b}}, action: DENY, rules: [{to: [{operation: {paths: [/ask/never]}}]}]}}
            """;
    }
}
