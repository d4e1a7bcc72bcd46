using MeshOrleans.Model.Topology;
using MeshOrleans.Silo.Explanations;

namespace MeshOrleans.Silo.Tests.Explanations;

/// <summary>What is told of a request on its way out.</summary>
public sealed class RequestExplainerTests
{
    private const string Api = "apiVersion: networking.istio.io/v1, kind: VirtualService";

    private const string Header =
        $$$$"""
        {{{{{Api}}}}, metadata: {name: vip, namespace: app}, spec: {hosts: [b], http: [
          {name: vip, match: [{headers: {user-type: {exact: vip}}}, {sourceLabels: {app: z}}], route: [{destination: {host: b, subset: v2}}]},
          {name: rest, match: [{uri: {prefix: /api}}], route: [{destination: {host: b, subset: v1}, weight: 75}, {destination: {host: b, subset: v2}, weight: 25}]}]}}
        ---
        {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: b, namespace: app}, spec: {host: b, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}}
        ---
        {{{{{Api}}}}, metadata: {name: late, namespace: app}, spec: {hosts: [b.app.svc.cluster.local], http: [{directResponse: {status: 418}}]}}
        ---
        {{{{{Api}}}}, metadata: {name: secret, namespace: other}, spec: {hosts: [b.app.svc.cluster.local], exportTo: ["."], http: [{directResponse: {status: 418}}]}}
        ---
        {{{{{Api}}}}, metadata: {name: edge, namespace: app}, spec: {hosts: [b], gateways: [front], http: [{directResponse: {status: 418}}]}}
        """;

    [Fact]
    public void A_service_without_rules_is_reached_with_mesh_mTLS()
    {
        var told = ExplainedMesh.With().Ask("b");

        Assert.Equal((200, OutcomeKind.Forwarded, true, true), Verdict(told));
        Assert.Equal("b.app.svc.cluster.local", told.Destination.Host);
        var cluster = Assert.Single(told.Clusters);
        Assert.Equal(("outbound|80||b.app.svc.cluster.local", 100), (cluster.Name, cluster.Percent));
        Assert.Equal(new EndpointsView(2, 0, 0, 2), cluster.Endpoints);
        Assert.All(cluster.Inbound, i => Assert.Equal(("mutualTls", "PERMISSIVE"), (i.Transport, i.Authentication)));
        Assert.Equal("spiffe://cluster.local/ns/app/sa/a", told.Source.Identity);
    }

    [Fact]
    public void The_first_route_that_takes_the_request_is_told_and_why_those_before_do_not()
    {
        var mesh = ExplainedMesh.With(Header);

        var vip = mesh.Ask("b", "/", ("user-type", "vip"));
        var rest = mesh.Ask("b", "/api");

        Assert.Equal((200, OutcomeKind.Forwarded, true, true), Verdict(vip));
        Assert.Equal(["outbound|80|v2|b.app.svc.cluster.local"], vip.Clusters.Select(c => c.Name));
        Assert.Equal(
            [
                new RouteView("http[0].match[0]", "vip", RouteVerdict.Differs, "header user-type: wanted exact \"vip\", got none"),
                new RouteView("http[0].match[1]", "vip", RouteVerdict.NotForClient, "is for clients with app=z"),
                new RouteView("http[1].match[0]", "rest", RouteVerdict.Matched, ""),
            ],
            rest.Outbound!.Routes.AsEnumerable());
        Assert.Equal([75.0, 25.0], rest.Clusters.Select(c => c.Percent));
    }

    [Fact]
    public void Routes_of_the_Gateway_API_are_told_in_the_order_in_which_they_count_by_the_place_they_come_from()
    {
        const string Gateway = "apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute";
        const string Parent = "parentRefs: [{group: '', kind: Service, name: b}]";
        var told = ExplainedMesh.With($$$"""
            {{{Header}}}
            ---
            { {{{Gateway}}}, metadata: {name: all, namespace: app}, spec: { {{{Parent}}}, rules: [{backendRefs: [{name: b, port: 80}]}]}}
            ---
            { {{{Gateway}}}, metadata: {name: part, namespace: app}, spec: { {{{Parent}}}, rules: [{matches: [{path: {value: /part}}, {path: {value: /part}, method: POST}], backendRefs: [{name: nobody, port: 80}]}]}}
            """).Ask("b", "/part/1");

        Assert.Equal(
            [
                ("HTTPRoute/app/part rules[0].matches[1]", RouteVerdict.Differs),
                ("HTTPRoute/app/part rules[0].matches[0]", RouteVerdict.Matched),
                ("HTTPRoute/app/all rules[0]", RouteVerdict.NotReached),
            ],
            told.Outbound!.Routes.Select(r => (r.Place, r.Verdict)));
        Assert.Equal(500, told.Verdict.Status);
        var candidates = told.Outbound.VirtualServices.Select(c => $"{c.Name}: {c.Reason}").ToList();
        Assert.Contains("app/all: answers for b.app.svc.cluster.local, which it is attached to", candidates);
        Assert.Contains(
            "app/vip: counts after HTTPRoute/app/all: routes of the Gateway API come before VirtualServices", candidates);
    }

    [Fact]
    public void What_no_route_takes_is_told_as_404()
    {
        var told = ExplainedMesh.With(Header).Ask("b", "/other");

        Assert.Equal((404, OutcomeKind.NoRoute, false, true), Verdict(told));
        Assert.Contains("none of the 2 routes", told.Verdict.Reason, StringComparison.Ordinal);
        Assert.Empty(told.Clusters);
    }

    [Fact]
    public void Every_VirtualService_that_names_the_host_is_told_with_the_reason()
    {
        var told = ExplainedMesh.With(Header).Ask("b", "/api");

        Assert.Equal(
            [
                new CandidateView("app/vip", true, "answers for b.app.svc.cluster.local"),
                new CandidateView("app/late", false, "is younger than app/vip"),
                new CandidateView("other/secret", false, "is not exported to namespace app"),
                new CandidateView("app/edge", false, "is for gateways only: front"),
            ],
            told.Outbound!.VirtualServices.AsEnumerable());
    }

    [Theory]
    [InlineData("fault: {abort: {percentage: {value: 100}, httpStatus: 503}}, route: [{destination: {host: b}}]", 503, nameof(OutcomeKind.FaultInjected))]
    [InlineData("redirect: {uri: /new, redirectCode: 302}", 302, nameof(OutcomeKind.Redirected))]
    [InlineData("directResponse: {status: 418}", 418, nameof(OutcomeKind.Answered))]
    [InlineData("route: [{destination: {host: b, subset: v9}}]", 503, nameof(OutcomeKind.NoCluster))]
    [InlineData("route: [{destination: {host: b, port: {number: 8888}}}]", 200, nameof(OutcomeKind.Forwarded))]
    public void What_the_route_does_is_the_verdict(string rule, int status, string kind)
    {
        var told = ExplainedMesh.With(
            $$$$"""{{{{{Api}}}}, metadata: {name: b, namespace: app}, spec: {hosts: [b], http: [{{{{{rule}}}}}]}}""").Ask("b");

        Assert.Equal((status, kind), (told.Verdict.Status, told.Verdict.Outcome.ToString()));
        Assert.True(told.Verdict.IsCertain);
    }

    [Fact]
    public void Localities_that_share_by_weight_are_told_with_theirs()
    {
        var mesh = ExplainedMesh.With("""
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: b, namespace: app}, spec: {host: b, trafficPolicy: {outlierDetection: {}, loadBalancer: {localityLbSetting: {distribute: [{from: "west/*", to: {"west/*": 20, "east/*": 80}}]}}}}}
            ---
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: no, namespace: app}, spec: {selector: {matchLabels: {version: v2}}, action: DENY, rules: [{}]}}
            """).At("app/a-1", "west/1").At("app/b-1", "west/1").At("app/b-2", "east/1");

        var told = mesh.Ask("b");

        Assert.Equal(
            [(80.0, (int?)403), (20.0, 200)],
            told.Verdict.Outcomes.Select(o => (Math.Round(o.Percent, 3), o.Status)).OrderByDescending(o => o.Item1));
    }

    [Fact]
    public void What_chance_decides_is_told_with_its_shares()
    {
        var told = ExplainedMesh.With(
            $$$$"""{{{{{Api}}}}, metadata: {name: b, namespace: app}, spec: {hosts: [b], http: [{fault: {abort: {percentage: {value: 20}, httpStatus: 500}}, route: [{destination: {host: b}, weight: 50}, {destination: {host: nobody}, weight: 50}]}]}}""")
            .Ask("b");

        Assert.False(told.Verdict.IsCertain);
        Assert.Equal(
            [(40.0, (int?)503), (20.0, 200), (20.0, 200), (20.0, 500)],
            told.Verdict.Outcomes.Select(o => (o.Percent, o.Status)).OrderByDescending(o => o.Percent).ThenBy(o => o.Status));
    }

    [Fact]
    public void Members_that_may_not_be_chosen_are_counted_and_nobody_left_is_503()
    {
        var mesh = ExplainedMesh.With().Where("app/b-1", WorkloadHealth.Unhealthy);

        var one = mesh.Ask("b");
        var none = mesh.Where("app/b-2", WorkloadHealth.Draining).Ask("b");

        Assert.Equal(new EndpointsView(1, 0, 1, 1), Assert.Single(one.Clusters).Endpoints);
        Assert.Equal((503, OutcomeKind.NoHealthyUpstream, false, true), Verdict(none));
        Assert.Equal(new EndpointsView(0, 1, 1, 0), Assert.Single(none.Clusters).Endpoints);
    }

    [Theory]
    [InlineData("ALLOW_ANY", 200, nameof(OutcomeKind.LeavesMesh))]
    [InlineData("REGISTRY_ONLY", 502, nameof(OutcomeKind.Answered))]
    public void An_unknown_host_goes_where_the_mesh_lets_it(string mode, int status, string kind)
    {
        var mesh = ExplainedMesh.With(
            $$$$"""{apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {outboundTrafficPolicy: {mode: {{{{mode}}}}}}}""");

        foreach (var to in new[] { "example.com", "example.com:4242" })
        {
            var told = mesh.Ask(to);

            Assert.Equal((status, kind), (told.Verdict.Status, told.Verdict.Outcome.ToString()));
            Assert.Null(told.Destination.Host);
        }
    }

    [Theory]
    [InlineData("b", "b.app.svc.cluster.local")]
    [InlineData("d.other:81", "d.other.svc.cluster.local")]
    [InlineData("other/d", "d.other.svc.cluster.local")]
    [InlineData("d:81", null)]
    public void A_name_is_what_it_is_in_the_clients_namespace(string to, string? host) =>
        Assert.Equal(host, ExplainedMesh.With().Ask(to).Destination.Host);

    [Fact]
    public void The_DestinationRule_that_counts_is_told_and_why_the_others_do_not()
    {
        var told = ExplainedMesh.With(
            """
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: wide, namespace: app}, spec: {host: "*.app.svc.cluster.local"}}
            ---
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: own, namespace: app}, spec: {host: b, trafficPolicy: {tls: {mode: DISABLE}}}}
            ---
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: foreign, namespace: other}, spec: {host: b.app.svc.cluster.local}}
            """).Ask("b");

        var cluster = Assert.Single(told.Clusters);
        Assert.Equal(
            [
                new CandidateView("app/wide", false, "app/own counts first: its host b.app.svc.cluster.local is nearer"),
                new CandidateView("app/own", true, "is in force for b.app.svc.cluster.local"),
                new CandidateView("other/foreign", false, "its namespace is not searched; those are, in this order: app, istio-system"),
            ],
            cluster.DestinationRules.AsEnumerable());
        Assert.Equal("plaintext", cluster.Tls);
        Assert.All(cluster.Inbound, i => Assert.Equal("plaintext", i.Transport));
    }

    [Fact]
    public void A_path_that_the_sidecar_refuses_is_told_as_400() =>
        Assert.Equal((400, OutcomeKind.BadRequest, false, true), Verdict(ExplainedMesh.With().Ask("b", "/a%00b")));

    private static (int?, OutcomeKind, bool, bool) Verdict(Explanation told) =>
        (told.Verdict.Status, told.Verdict.Outcome, told.Verdict.ReachesApplication, told.Verdict.IsCertain);
}
