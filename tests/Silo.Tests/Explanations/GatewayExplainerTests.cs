using MeshOrleans.Silo.Explanations;

namespace MeshOrleans.Silo.Tests.Explanations;

/// <summary>What is told of requests and connections that go through gateways.</summary>
public sealed class GatewayExplainerTests
{
    private const string Api = "apiVersion: networking.istio.io/v1";

    private const string Gateway =
        $$$$"""
        {{{{{Api}}}}, kind: Gateway, metadata: {name: gw, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example"], tls: {httpsRedirect: true}}, {port: {number: 443, name: https, protocol: HTTPS}, hosts: ["app/*.example"], tls: {mode: SIMPLE, credentialName: cred}}, {port: {number: 443, name: through, protocol: TLS}, hosts: ["*.through"], tls: {mode: PASSTHROUGH}}]}}
        """;

    private const string Routes =
        $$$$"""

        ---
        {{{{{Api}}}}, kind: VirtualService, metadata: {name: first, namespace: app}, spec: {hosts: [b.example], gateways: [istio-system/gw], http: [{match: [{uri: {prefix: /one}}], route: [{destination: {host: b, port: {number: 80}}}]}, {match: [{gateways: [mesh]}], directResponse: {status: 418}}]}}
        ---
        {{{{{Api}}}}, kind: VirtualService, metadata: {name: second, namespace: app}, spec: {hosts: [b.example], gateways: [istio-system/gw], http: [{directResponse: {status: 203}}]}}
        ---
        {{{{{Api}}}}, kind: VirtualService, metadata: {name: third, namespace: app}, spec: {hosts: [b.example], gateways: [istio-system/gw], http: [{directResponse: {status: 418}}]}}
        ---
        {{{{{Api}}}}, kind: VirtualService, metadata: {name: stranger, namespace: other}, spec: {hosts: [b.example], gateways: [istio-system/gw], http: [{directResponse: {status: 418}}]}}
        ---
        {{{{{Api}}}}, kind: VirtualService, metadata: {name: wide, namespace: app}, spec: {hosts: ["*.example"], gateways: [istio-system/gw], http: [{directResponse: {status: 418}}]}}
        ---
        {{{{{Api}}}}, kind: VirtualService, metadata: {name: elsewhere, namespace: app}, spec: {hosts: [b.example], gateways: [istio-system/other], http: [{directResponse: {status: 418}}]}}
        ---
        {{{{{Api}}}}, kind: VirtualService, metadata: {name: inside, namespace: app}, spec: {hosts: [b.example], http: [{directResponse: {status: 418}}]}}
        ---
        {{{{{Api}}}}, kind: VirtualService, metadata: {name: tls, namespace: app}, spec: {hosts: ["*.through"], gateways: [istio-system/gw], tls: [{match: [{sniHosts: [d.through]}], route: [{destination: {host: s}}]}, {match: [{sniHosts: ["*.through"]}], route: [{destination: {host: nobody}}]}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: s, namespace: app}, spec: {selector: {app: b}, ports: [{name: tls, port: 443, targetPort: 9001}]}}
        """;

    private const string Strict =
        "\n---\n{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: app}, spec: {mtls: {mode: STRICT}}}";

    [Fact]
    public void A_request_that_enters_is_followed_to_the_sidecar_behind_the_gateway()
    {
        var told = ExplainedMesh.WithGateways(Gateway + Routes + Strict).Ask(Https("b.example", "/one"));

        Assert.Equal((200, OutcomeKind.Forwarded, true), (told.Verdict.Status, told.Verdict.Outcome, told.Verdict.IsCertain));
        Assert.Equal("istio-system/in-1", told.Source.Gateway);
        var entry = told.Entry!;
        Assert.Equal((8443, "tls", 200), (entry.Port, entry.Transport, entry.Status));
        Assert.Equal(("0.0.0.0_8443", "ends TLS"), (entry.Gateway!.Listener, entry.Gateway.Tls));
        Assert.Equal(
            [("HTTPS 443 for app/*.example", true), ("TLS 443 for *.through, and not b.example", false)],
            entry.Gateway.Servers.Select(s => (s.Reason, s.Counts)));
        var cluster = Assert.Single(entry.Gateway.Clusters);
        Assert.Equal("outbound|80||b.app.svc.cluster.local", cluster.Name);
        Assert.All(cluster.Inbound, i => Assert.Equal(("mutualTls", "STRICT", 200), (i.Transport, i.Authentication, i.Status)));
        Assert.Null(told.Outbound);
        Assert.Empty(told.Clusters);
    }

    [Fact]
    public void The_joined_routes_of_a_host_are_told_by_the_VirtualServices_that_they_come_from()
    {
        var outbound = ExplainedMesh.WithGateways(Gateway + Routes).Ask(Https("b.example", "/two")).Entry!.Gateway!.Outbound!;

        Assert.Equal("b.example:443", outbound.VirtualHost);
        Assert.Equal(
            [
                ("app/first http[0].match[0]", RouteVerdict.Differs, "path: wanted prefix \"/one\", got \"/two\""),
                ("app/first http[1].match[0]", RouteVerdict.NotForClient, "is not for this gateway"),
                ("app/second http[0]", RouteVerdict.Matched, ""),
                ("app/third http[0]", RouteVerdict.NotForClient, "an older VirtualService of the host takes everything already"),
            ],
            outbound.Routes.Select(r => (r.Place, r.Verdict, r.Reason)));
    }

    [Fact]
    public void Every_VirtualService_of_the_host_is_told_with_the_reason()
    {
        var outbound = ExplainedMesh.WithGateways(Gateway + Routes).Ask(Https("b.example", "/two")).Entry!.Gateway!.Outbound!;

        Assert.Equal(
            [
                new CandidateView("app/first", true, "answers for b.example at istio-system/gw"),
                new CandidateView("app/second", true, "answers for b.example at istio-system/gw"),
                new CandidateView("app/third", true, "answers for b.example at istio-system/gw"),
                new CandidateView("other/stranger", false, "has no host that the gateway leaves to namespace other (app/*.example, *.through)"),
                new CandidateView("app/wide", false, "is for *.example, and b.example is nearer"),
                new CandidateView("app/elsewhere", false, "is for other gateways or ports: istio-system/other"),
                new CandidateView("app/inside", false, "is for sidecars only"),
                new CandidateView("app/tls", false, "is for other hosts: *.through"),
            ],
            outbound.VirtualServices.AsEnumerable());
    }

    [Fact]
    public void What_the_gateway_does_by_itself_is_told()
    {
        var mesh = ExplainedMesh.WithGateways(Gateway + Routes);

        var plain = mesh.Ask(Https("b.example", "/one?x=1") with { Protocol = CallProtocol.Http });
        var unknown = mesh.Ask(Https("b.example", "/one") with { To = "zzz.example:80", Protocol = CallProtocol.Http });
        var stranger = mesh.Ask(Https("b.example.org"));
        var wrong = mesh.Ask(Https("b.example") with { To = "b.example:443", Protocol = CallProtocol.Http });
        var nowhere = mesh.Ask(Https("b.example:81"));

        Assert.Equal((301, "is sent to https://b.example/one?x=1"), (plain.Verdict.Status, plain.Verdict.Reason));
        Assert.Equal((301, OutcomeKind.Redirected), (unknown.Verdict.Status, unknown.Verdict.Outcome));
        Assert.Equal(
            (null, OutcomeKind.Closed, "no server of port 8443 of gateway istio-system/in-1 takes the name 'b.example.org'"),
            (stranger.Verdict.Status, stranger.Verdict.Outcome, stranger.Verdict.Reason));
        Assert.Contains("takes a TLS handshake, and this is plaintext", wrong.Verdict.Reason, StringComparison.Ordinal);
        Assert.Equal("gateway istio-system/in-1 has no port 81; there are 80, 443", nowhere.Verdict.Reason);
    }

    [Theory]
    [InlineData("203.0.113.7", 203, nameof(OutcomeKind.Answered))]
    [InlineData("198.51.100.1", 403, nameof(OutcomeKind.Denied))]
    [InlineData(null, 403, nameof(OutcomeKind.Denied))]
    public void A_policy_of_the_gateway_judges_who_comes_from_outside(string? address, int status, string kind)
    {
        var told = ExplainedMesh.WithGateways(Gateway + Routes + """

            ---
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: net, namespace: istio-system}, spec: {selector: {matchLabels: {istio: ingressgateway}}, rules: [{from: [{source: {remoteIpBlocks: [203.0.113.0/24]}}]}]}}
            """).Ask(Https("b.example", "/two") with { ClientAddress = address });

        Assert.Equal((status, kind), (told.Verdict.Status, told.Verdict.Outcome.ToString()));
        var policy = Assert.Single(told.Entry!.Policies);
        Assert.Equal(("istio-system/net", status == 203 ? 0 : (int?)null), (policy.Name, policy.MatchedRule));
        Assert.Equal(status == 203, told.Entry.Gateway!.Outbound is not null);
    }

    [Fact]
    public void A_host_that_nobody_speaks_for_is_404()
    {
        var told = ExplainedMesh.WithGateways(Gateway).Ask(Https("b.example"));

        Assert.Equal((404, OutcomeKind.NoRoute), (told.Verdict.Status, told.Verdict.Outcome));
    }

    [Theory]
    [InlineData("d.through", true, "")]
    [InlineData("e.through", false, "the route's destination does not exist")]
    [InlineData("d.example", false, "ask with protocol https")]
    public void TLS_that_goes_through_is_told_by_its_name(string name, bool arrives, string reason)
    {
        var told = ExplainedMesh.WithGateways(Gateway + Routes).Ask(Https(name) with { Protocol = CallProtocol.Tls });

        Assert.Equal((null, arrives), (told.Verdict.Status, told.Verdict.ReachesApplication));
        if (!arrives)
        {
            Assert.Contains(reason, told.Verdict.Reason, StringComparison.Ordinal);
            return;
        }

        var outbound = told.Entry!.Gateway!.Outbound!;
        Assert.Equal(
            [
                ("app/tls tls[0].match[0]", RouteVerdict.Matched, ""),
                ("app/tls tls[1].match[0]", RouteVerdict.NotReached, "another takes it before, or more exactly"),
            ],
            outbound.Routes.Select(r => (r.Place, r.Verdict, r.Reason)));
        Assert.Equal(("TLS goes through unread", "carry"), (told.Entry.Gateway.Tls, outbound.Action!.Kind));
    }

    [Fact]
    public void A_way_out_through_a_gateway_is_told_hop_by_hop()
    {
        var mesh = ExplainedMesh.WithGateways($$$$"""
            {{{{{Api}}}}, kind: ServiceEntry, metadata: {name: ext, namespace: app}, spec: {hosts: [ext.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: https, protocol: HTTPS}]}}
            ---
            {{{{{Api}}}}, kind: Gateway, metadata: {name: egw, namespace: istio-system}, spec: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: https, protocol: HTTPS}, hosts: [ext.example], tls: {mode: ISTIO_MUTUAL}}]}}
            ---
            {{{{{Api}}}}, kind: DestinationRule, metadata: {name: egw, namespace: app}, spec: {host: egw.istio-system.svc.cluster.local, subsets: [{name: ext, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: ext.example}}}]}}
            ---
            {{{{{Api}}}}, kind: VirtualService, metadata: {name: ext, namespace: app}, spec: {hosts: [ext.example], gateways: [mesh, istio-system/egw], http: [{match: [{gateways: [mesh], port: 80}], route: [{destination: {host: egw.istio-system.svc.cluster.local, subset: ext, port: {number: 80}}}]}, {match: [{gateways: [istio-system/egw], port: 80}], route: [{destination: {host: ext.example, port: {number: 443}}}]}]}}
            ---
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: out, namespace: istio-system}, spec: {selector: {matchLabels: {istio: egressgateway}}, rules: [{from: [{source: {principals: [cluster.local/ns/app/sa/a]}}]}]}}
            """);

        var mine = mesh.Ask("ext.example", "/x");
        var other = mesh.Ask(new ExplainRequest { From = "app/b-1", To = "ext.example", Path = "/x" });

        Assert.Equal((200, OutcomeKind.Forwarded), (mine.Verdict.Status, mine.Verdict.Outcome));
        var gateway = Assert.Single(Assert.Single(mine.Clusters).Inbound);
        Assert.Equal(("istio-system/out-1", "mutualTls"), (gateway.Workloads[0], gateway.Transport));
        Assert.Equal("ends mesh mTLS", gateway.Gateway!.Tls);
        Assert.Equal(
            ["app/ext http[0].match[0] NotForClient", "app/ext http[1].match[0] Matched"],
            gateway.Gateway.Outbound!.Routes.Select(r => $"{r.Place} {r.Verdict}"));
        Assert.Equal(["outbound|443||ext.example"], gateway.Gateway.Clusters.Select(c => c.Name));
        Assert.Equal((403, OutcomeKind.Denied), (other.Verdict.Status, other.Verdict.Outcome));
        Assert.Contains("denied at istio-system/out-1", other.Verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gateway_that_takes_mesh_mTLS_alone_is_closed_to_all_others()
    {
        var mesh = ExplainedMesh.WithGateways($$$$"""
            {{{{{Api}}}}, kind: Gateway, metadata: {name: gw, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {mode: ISTIO_MUTUAL}}]}}
            ---
            {{{{{Api}}}}, kind: VirtualService, metadata: {name: gw, namespace: app}, spec: {hosts: ["*"], gateways: [istio-system/gw], http: [{directResponse: {status: 203}}]}}
            """);

        var outside = mesh.Ask(Https("b.example"));
        var inside = mesh.Ask(new ExplainRequest { From = "app/a-1", To = "gw.istio-system:443", Protocol = CallProtocol.Tls });

        Assert.Equal((null, OutcomeKind.Closed), (outside.Verdict.Status, outside.Verdict.Outcome));
        Assert.Contains("it takes mesh mTLS only", outside.Verdict.Reason, StringComparison.Ordinal);
        Assert.Equal(OutcomeKind.Closed, inside.Verdict.Outcome); // the handshake is the application's own
        Assert.Contains("it takes mesh mTLS only", inside.Verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gateway_that_is_not_there_yet_is_described_by_the_Gateway()
    {
        var told = ExplainedMesh.With(Gateway.Replace("number: 80", "number: 8080", StringComparison.Ordinal) + Routes)
            .Ask(Https("b.example", "/one") with { Gateway = "istio-system/gw" });

        Assert.Equal((200, "istio-system/gw"), (told.Verdict.Status, told.Source.Gateway));
    }

    [Fact]
    public void Routes_that_lead_round_in_a_circle_come_to_an_end()
    {
        var told = ExplainedMesh.WithGateways($$$$"""
            {{{{{Api}}}}, kind: Gateway, metadata: {name: gw, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}}
            ---
            {{{{{Api}}}}, kind: VirtualService, metadata: {name: round, namespace: istio-system}, spec: {hosts: ["*"], gateways: [gw], http: [{route: [{destination: {host: gw, port: {number: 80}}}]}]}}
            """).Ask(Https("b.example") with { Protocol = CallProtocol.Http });

        Assert.Contains("is not followed any further", told.Verdict.Reason, StringComparison.Ordinal);
    }

    private static ExplainRequest Https(string to, string path = "/") =>
        new() { Gateway = "istio-system/in-1", To = to, Path = path, Protocol = CallProtocol.Https };
}
