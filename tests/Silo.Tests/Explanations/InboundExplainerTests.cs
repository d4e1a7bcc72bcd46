using MeshOrleans.Silo.Explanations;

namespace MeshOrleans.Silo.Tests.Explanations;

/// <summary>What is told of a request at the member that it comes to.</summary>
public sealed class InboundExplainerTests
{
    private const string Allow =
        """
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: readers, namespace: app}, spec: {selector: {matchLabels: {app: b}}, action: ALLOW, rules: [{from: [{source: {principals: [cluster.local/ns/other/sa/d]}}]}, {from: [{source: {principals: [cluster.local/ns/app/sa/a]}}], to: [{operation: {methods: [GET], paths: [/open*]}}]}]}}
        ---
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: never, namespace: app}, spec: {selector: {matchLabels: {app: b}}, action: DENY, rules: [{to: [{operation: {paths: [/open/secret]}}]}]}}
        ---
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: for-c, namespace: app}, spec: {selector: {matchLabels: {app: c}}, rules: [{}]}}
        """;

    private const string Strict =
        "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: app}, spec: {mtls: {mode: STRICT}}}";

    [Fact]
    public void A_rule_that_matches_is_told_and_the_first_thing_that_keeps_another_from_it()
    {
        var told = ExplainedMesh.With(Allow).Ask("b", "/open/x");

        Assert.Equal(200, told.Verdict.Status);
        Assert.Contains("allowed by app/readers[1]", told.Verdict.Reason, StringComparison.Ordinal);
        var policies = told.Clusters[0].Inbound[0].Policies;
        Assert.Equal(["app/for-c", "app/never", "app/readers"], policies.Select(p => p.Name));
        Assert.Equal((false, "selects app=c"), (policies[0].Applies, policies[0].Reason));
        Assert.Equal(["path: wanted exact \"/open/secret\", got \"/open/x\""], policies[1].Rules.AsEnumerable());
        Assert.Equal((1, ""), (policies[2].MatchedRule, policies[2].Rules[1]));
        Assert.Contains("/ns/other/sa/d", policies[2].Rules[0], StringComparison.Ordinal);
        Assert.EndsWith("got \"spiffe://cluster.local/ns/app/sa/a\"", policies[2].Rules[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("web", 200, "if the external authorizer web allows it, which AuthorizationPolicy app/ask[0] has asked")]
    [InlineData("nobody", 403, "by AuthorizationPolicy app/ask[0]: nobody can be asked, as the MeshConfig has no extension provider nobody")]
    public void Whom_a_CUSTOM_policy_asks_is_told_and_that_nobody_asks_it_here(string provider, int status, string reason)
    {
        var told = ExplainedMesh.With(
            "{apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {extensionProviders: [{name: web, envoyExtAuthzHttp: {service: other/d, port: 81}}]}}"
            + "\n---\n{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: ask, namespace: app}, spec: {action: CUSTOM, provider: {name: "
            + provider + "}, rules: [{}]}}").Ask("b", "/x");

        Assert.Equal(status, told.Verdict.Status);
        Assert.Contains(reason, told.Verdict.Reason, StringComparison.Ordinal);
        var policy = Assert.Single(told.Clusters[0].Inbound[0].Policies);
        Assert.Equal(("CUSTOM", provider, (int?)0), (policy.Action, policy.Provider, policy.MatchedRule));
        Assert.Equal(status == 200, told.Clusters[0].Inbound[0].Authorizer.Contains("explain does not call it", StringComparison.Ordinal));
    }

    [Fact]
    public void An_authorizer_is_not_asked_about_requests_to_it_and_that_is_told()
    {
        var inbound = ExplainedMesh.With(
            "{apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {extensionProviders: [{name: web, envoyExtAuthzHttp: {service: other/d, port: 81}}]}}"
            + "\n---\n{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: ask, namespace: istio-system}, spec: {action: CUSTOM, provider: {name: web}, rules: [{}]}}")
            .Ask("d.other:81", "/x").Clusters[0].Inbound[0];

        Assert.Equal((200, ""), (inbound.Status, inbound.Authorizer));
        var policy = Assert.Single(inbound.Policies);
        Assert.False(policy.Applies);
        Assert.Contains("serves the provider web itself", policy.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/open/secret", "by AuthorizationPolicy app/never[0]")]
    [InlineData("/closed", "no rule allows it; asked were app/readers")]
    public void A_refusal_names_who_refuses(string path, string reason)
    {
        var told = ExplainedMesh.With(Allow).Ask("b", path);

        Assert.Equal((403, OutcomeKind.Denied, true), (told.Verdict.Status, told.Verdict.Outcome, told.Verdict.IsCertain));
        Assert.Contains(reason, told.Verdict.Outcomes[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_policy_sees_what_the_route_has_made_of_the_request()
    {
        var mesh = ExplainedMesh.With(
            """
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: b, namespace: app}, spec: {hosts: [b], http: [{match: [{uri: {prefix: /old}}], rewrite: {uri: /new}, headers: {request: {set: {x-color: blue}}}, route: [{destination: {host: b}}]}]}}
            ---
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: new, namespace: app}, spec: {selector: {matchLabels: {app: b}}, rules: [{to: [{operation: {paths: [/new/x]}}], when: [{key: "request.headers[x-color]", values: [blue]}]}]}}
            """);

        Assert.Equal(200, mesh.Ask("b", "/old/x").Verdict.Status);
        Assert.Equal(403, mesh.Ask("b", "/old/y").Verdict.Status);
    }

    [Fact]
    public void Plaintext_under_STRICT_is_closed_and_a_sidecar_that_sends_it_answers_503()
    {
        var bare = ExplainedMesh.With(Strict).Ask(new ExplainRequest { From = "app/bare-1", To = "b" });
        var disabled = ExplainedMesh.With(Strict + """

            ---
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: b, namespace: app}, spec: {host: b, trafficPolicy: {tls: {mode: DISABLE}}}}
            """).Ask("b");

        Assert.Equal((null, OutcomeKind.Closed), (bare.Verdict.Status, bare.Verdict.Outcome));
        Assert.True(bare.Source.Plaintext);
        Assert.Equal("PeerAuthentication app/default, namespace", bare.Clusters[0].Inbound[0].AuthenticationFrom);
        Assert.Equal((503, OutcomeKind.UpstreamFailed), (disabled.Verdict.Status, disabled.Verdict.Outcome));
    }

    [Fact]
    public void A_gRPC_caller_gets_what_proxies_answer_as_gRPC_statuses()
    {
        var mesh = ExplainedMesh.With(Allow);

        var denied = mesh.Ask("b", "/closed", ("content-type", "application/grpc+proto"));
        var allowed = mesh.Ask("b", "/open", ("content-type", "application/grpc"));

        Assert.Equal((200, 7, OutcomeKind.Denied), (denied.Verdict.Status, denied.Verdict.GrpcStatus, denied.Verdict.Outcome));
        Assert.Equal((200, (int?)null, OutcomeKind.Forwarded), (allowed.Verdict.Status, allowed.Verdict.GrpcStatus, allowed.Verdict.Outcome));
    }

    [Fact]
    public void A_client_that_is_not_there_is_judged_by_what_is_said_of_it()
    {
        var mesh = ExplainedMesh.With(Allow);
        var request = new ExplainRequest { From = "other/none", To = "b.app", ServiceAccount = "d" };

        Assert.Equal(200, mesh.Ask(request).Verdict.Status);
        Assert.Equal(403, mesh.Ask(request with { ServiceAccount = "e" }).Verdict.Status);
        Assert.Equal("a", mesh.Ask(new ExplainRequest { From = "app/a", To = "b" }).Source.ServiceAccount);
    }

    [Theory]
    [InlineData("app/nobody", "b", "GET", "/", "from")]
    [InlineData("", "b", "GET", "/", "from")]
    [InlineData("app/a-1", "", "GET", "/", "to")]
    [InlineData("app/a-1", "b:0", "GET", "/", "to")]
    [InlineData("app/a-1", "b:x", "GET", "/", "to")]
    [InlineData("app/a-1", "a b", "GET", "/", "to")]
    [InlineData("app/a-1", "app/none", "GET", "/", "to")]
    [InlineData("app/a-1", "b", "GE T", "/", "method")]
    [InlineData("app/a-1", "b", "GET", "x", "path")]
    public void Nonsense_is_refused_with_its_place(string from, string to, string method, string path, string place)
    {
        var request = new ExplainRequest { From = from, To = to, Method = method, Path = path };

        var (call, errors) = new CallReader(ExplainedMesh.With().Snapshot).Read(request);

        Assert.Null(call);
        Assert.Equal(place, Assert.Single(errors).Path);
    }

    [Theory]
    [InlineData("host", "x")]
    [InlineData("a b", "x")]
    [InlineData("x", "a\r\nb")]
    public void A_header_that_cannot_be_sent_is_refused(string name, string value)
    {
        var request = new ExplainRequest
        {
            From = "app/a-1",
            To = "b",
            Headers = ExplainedMesh.Lines((name, value)),
        };

        Assert.Equal($"headers.{name}", Assert.Single(new CallReader(ExplainedMesh.With().Snapshot).Read(request).Errors).Path);
    }
}
