using MeshOrleans.Silo.Explanations;
using MeshOrleans.Testing;

namespace MeshOrleans.Silo.Tests.Explanations;

/// <summary>What is told of requests with tokens: by the verifier of the sidecars.</summary>
public sealed class TokenExplainerTests
{
    private static readonly ExplainedMesh Mesh = ExplainedMesh.With($$$"""
        {apiVersion: security.istio.io/v1, kind: RequestAuthentication, metadata: {name: jwt, namespace: app}, spec: {selector: {matchLabels: {app: b}}, jwtRules: [{issuer: "{{{TestIssuer.Name}}}", audiences: [shop], jwks: '{{{TestIssuer.KeySet}}}', outputClaimToHeaders: [{header: x-sub, claim: sub}]}]}}
        ---
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: alice, namespace: app}, spec: {selector: {matchLabels: {app: b}}, rules: [{from: [{source: {requestPrincipals: ["{{{TestIssuer.Name}}}/alice"]}}], when: [{key: "request.headers[x-sub]", values: [alice]}]}]}}
        """);

    [Fact]
    public void A_good_token_counts_and_what_it_says_stands_in_its_headers()
    {
        var inbound = Ask(TestIssuer.Sign("RS256"));

        Assert.Equal((200, $"of {TestIssuer.Name}/alice"), (inbound.Status, inbound.Token));
    }

    [Fact]
    public void Without_a_token_the_policy_names_the_claim_that_is_missing_whatever_the_caller_writes_itself()
    {
        var inbound = Ask(null, ("x-sub", "alice"));

        Assert.Equal((403, "none sent"), (inbound.Status, inbound.Token));
        Assert.Contains("claim iss of the token: wanted exact", Assert.Single(inbound.Policies[0].Rules), StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_that_is_changed_is_refused_before_any_policy()
    {
        var token = TestIssuer.Sign("ES256");
        var inbound = Ask(token[..^4] + (token[^4] == 'A' ? 'B' : 'A') + token[^3..]);

        Assert.Equal((401, "refused: Jwt verification fails"), (inbound.Status, inbound.Token));
        Assert.Empty(inbound.Policies);
    }

    [Theory]
    [InlineData("alice", false)] // only a token says that
    [InlineData("", true)]
    public void An_authorizer_is_asked_before_the_token_is_refused_and_is_told(string isNot, bool isAsked)
    {
        var rule = isAsked ? "{}" : "{when: [{key: \"request.headers[x-sub]\", values: [" + isNot + "]}]}";
        var asking = ExplainedMesh.With($$$"""
            {apiVersion: security.istio.io/v1, kind: RequestAuthentication, metadata: {name: jwt, namespace: app}, spec: {selector: {matchLabels: {app: b}}, jwtRules: [{issuer: "{{{TestIssuer.Name}}}", audiences: [shop], jwks: '{{{TestIssuer.KeySet}}}', outputClaimToHeaders: [{header: x-sub, claim: sub}]}]}}
            ---
            {apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {extensionProviders: [{name: web, envoyExtAuthzHttp: {service: other/d, port: 81}}]}}
            ---
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: ask, namespace: app}, spec: {action: CUSTOM, provider: {name: web}, rules: [{{{rule}}}]}}
            """);

        var inbound = asking.Ask("b", "/", ("x-sub", "alice"), ("authorization", "Bearer x")).Clusters[0].Inbound[0];

        Assert.Equal(401, inbound.Status);
        Assert.Equal(isAsked, inbound.Authorizer.Contains("external authorizer web", StringComparison.Ordinal));
        Assert.Equal(isAsked, inbound.Reason.Contains("external authorizer web", StringComparison.Ordinal));
    }

    [Fact]
    public void A_token_for_somebody_else_is_forbidden()
    {
        var inbound = Ask(TestIssuer.Sign("PS256", TestIssuer.Claims.Replace("shop", "bank", StringComparison.Ordinal)));

        Assert.Equal((403, "refused: Audiences in Jwt are not allowed"), (inbound.Status, inbound.Token));
    }

    [Fact]
    public void Where_no_rule_looks_for_tokens_nothing_is_told_of_any() =>
        Assert.Equal("", Mesh.Ask("d.other:81", "/", ("authorization", "Bearer x")).Clusters[0].Inbound[0].Token);

    // both members of b are told alike
    private static InboundView Ask(string? token, params (string Name, string Value)[] headers) =>
        Mesh.Ask("b", "/", token is null ? headers : [.. headers, ("authorization", $"Bearer {token}")]).Clusters[0].Inbound[0];
}
