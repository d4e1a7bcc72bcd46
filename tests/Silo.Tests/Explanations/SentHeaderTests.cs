using MeshOrleans.Silo.Explanations;

namespace MeshOrleans.Silo.Tests.Explanations;

/// <summary>What explain makes of heads that proxies change before anything decides on them.</summary>
public sealed class SentHeaderTests
{
    private const string Api = "apiVersion: networking.istio.io/v1, kind: VirtualService";

    private const string ByUser =
        $$$$"""
        {{{{{Api}}}}, metadata: {name: b, namespace: app}, spec: {hosts: [b], http: [{match: [{headers: {x-user: {exact: alice}}}], directResponse: {status: 418}}, {route: [{destination: {host: b}, headers: {request: {set: {host: x.example} } } }] }] } }
        """;

    private const string Policy =
        """
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: b, namespace: app}, spec: {selector: {matchLabels: {app: b}}, action: DENY, rules: [{when: [{key: "request.headers[proxy-authorization]", values: ["*"]}]}]}}
        """;

    [Fact]
    public void Nothing_sees_what_the_senders_own_connection_header_takes_out()
    {
        var told = ExplainedMesh.With(ByUser).Ask("b", "/", ("x-user", "alice"), ("connection", "close, X-User"));

        Assert.Equal(OutcomeKind.Forwarded, told.Verdict.Outcome);
    }

    [Fact]
    public void Spaces_around_a_value_are_not_part_of_it()
    {
        Assert.Equal(418, ExplainedMesh.With(ByUser).Ask("b", "/", ("x-user", "\t alice ")).Verdict.Status);
    }

    [Fact]
    public void What_is_between_two_neighbours_only_does_not_come_to_the_members_policy()
    {
        var told = ExplainedMesh.With(Policy).Ask("b", "/", ("proxy-authorization", "Basic eA=="));

        Assert.Equal((200, OutcomeKind.Forwarded), (told.Verdict.Status, told.Verdict.Outcome));
    }

    [Theory]
    [InlineData("{exact: \"alice,bob\"}", 418)] // routing sees lines of one name as one text, joined by commas
    [InlineData("{exact: alice}", 200)]
    [InlineData("{regex: \"alice.*\"}", 418)]
    public void A_route_sees_repeated_lines_as_one_text(string match, int status)
    {
        var told = ExplainedMesh.With(ByUser.Replace("{exact: alice}", match, StringComparison.Ordinal))
            .Ask("b", "/", ("x-user", "alice"), ("x-user", "bob"));

        Assert.Equal(status, told.Verdict.Status);
    }

    [Theory]
    [InlineData("DENY", "values: [alice]", "alice|bob", 403)] // one line is enough to deny (CVE-2020-25017)
    [InlineData("DENY", "values: [bob]", "alice|bob", 403)]
    [InlineData("DENY", "values: [bob]", "alice,bob", 200)] // one line with both in it is another value
    [InlineData("DENY", "values: [\"alice,bob\"]", "alice|bob", 403)]
    [InlineData("DENY", "notValues: [alice]", "alice|bob", 403)]
    [InlineData("DENY", "notValues: [\"*\"]", "alice|bob", 200)]
    [InlineData("ALLOW", "values: [alice]", "alice|bob", 403)] // and all of them are needed to allow
    [InlineData("ALLOW", "values: [alice, bob]", "alice|bob", 403)] // each by the same value: Envoy compares all of them as one
    [InlineData("ALLOW", "values: [\"al*\"]", "alice|alison", 200)]
    [InlineData("ALLOW", "notValues: [bob]", "alice|bob", 403)]
    public void A_policy_sees_every_line(string action, string values, string lines, int status)
    {
        var policy = $$$"""
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: b, namespace: app}, spec: {selector: {matchLabels: {app: b}}, action: {{{action}}}, rules: [{when: [{key: "request.headers[x-user]", {{{values}}}}]}]}}
            """;

        var told = ExplainedMesh.With(policy).Ask("b", "/", [.. lines.Split('|').Select(line => ("x-user", line))]);

        Assert.Equal(status, told.Verdict.Status);
    }

    [Fact]
    public void A_member_that_is_sent_plaintext_sees_lines_of_one_name_as_one()
    {
        const string OneText = """
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: b, namespace: app}, spec: {host: b, trafficPolicy: {tls: {mode: DISABLE}}}}
            ---
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: b, namespace: app}, spec: {selector: {matchLabels: {app: b}}, action: ALLOW, rules: [{when: [{key: "request.headers[x-user]", values: ["alice, bob"]}]}]}}
            """;

        Assert.Equal(200, ExplainedMesh.With(OneText).Ask("b", "/", ("x-user", "alice"), ("x-user", "bob")).Verdict.Status);
    }

    [Fact]
    public void Nothing_sees_what_any_line_of_the_connection_header_takes_out()
    {
        var told = ExplainedMesh.With(ByUser).Ask("b", "/", ("x-user", "alice"), ("connection", "x-k"), ("connection", "x-user"));

        Assert.Equal(OutcomeKind.Forwarded, told.Verdict.Outcome);
    }

    [Fact]
    public void A_gRPC_caller_is_refused_in_gRPC()
    {
        var told = ExplainedMesh.With().Ask("b", "/a%00b", ("content-type", "application/grpc"));

        Assert.Equal((200, 13), (told.Verdict.Status, told.Verdict.GrpcStatus));
    }

    [Fact]
    public void The_host_that_one_destination_gets_is_told()
    {
        Assert.Contains("host becomes x.example", ExplainedMesh.With(ByUser).Ask("b").Outbound!.Action!.Details);
    }

    [Fact]
    public void A_gateway_reads_the_one_spelling_of_the_path_and_no_twin_of_what_it_writes_itself()
    {
        var told = ExplainedMesh.WithGateways(
            $$$$"""
            {apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: gw, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example"]}]}}
            ---
            {{{{{Api}}}}, metadata: {name: b, namespace: app}, spec: {hosts: [b.example], gateways: [istio-system/gw], http: [{match: [{headers: {x_forwarded_for: {}}}], directResponse: {status: 418}}, {route: [{destination: {host: b, port: {number: 80}}}]}]}}
            """).Ask(new ExplainRequest
            {
                Gateway = "istio-system/gw", To = "b.example", Path = "/x/../%61?b", Headers = ExplainedMesh.Lines(("X_Forwarded_For", "1.2.3.4")),
            });

        Assert.Equal((OutcomeKind.Forwarded, "/a?b"), (told.Verdict.Outcome, told.Destination.Path));
    }
}
