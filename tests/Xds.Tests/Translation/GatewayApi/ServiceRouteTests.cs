using Google.Protobuf.Collections;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Protocol.TcpProxy;

namespace MeshOrleans.Xds.Tests.Translation.GatewayApi;

/// <summary>HTTPRoutes that are attached to services, as sidecars get them.</summary>
public sealed class ServiceRouteTests
{
    private const string B = "outbound|80||b.app.svc.cluster.local";
    private const string C = "outbound|80||c.other.svc.cluster.local";

    [Fact]
    public void The_most_specific_match_comes_first_whatever_the_order_and_the_route()
    {
        var older = Route("older", """
            - matches: [ { path: { value: / } } ]
              backendRefs: [ { name: b, port: 80 } ]
            - matches: [ { path: { value: /api } }, { path: { value: /api }, method: GET } ]
              backendRefs: [ { name: b, port: 80 } ]
            - matches: [ { path: { value: /api }, headers: [ { name: x, value: "1" } ] } ]
              backendRefs: [ { name: b, port: 80 } ]
            """);
        var younger = Route("younger", """
            - matches: [ { path: { value: /api }, queryParams: [ { name: q, value: "1" } ] } ]
              backendRefs: [ { name: b, port: 80 } ]
            - matches: [ { path: { value: /api/v2 } }, { path: { type: Exact, value: /api } }, { path: { type: RegularExpression, value: "/a.*" } }, { path: { value: /api } } ]
              backendRefs: [ { name: b, port: 80 } ]
            """);

        Assert.Equal(
            [
                "younger /api exact", "younger /a.* regex", "younger /api/v2", "older /api :method", "older /api x",
                "younger /api ?q", "older /api", "younger /api", "older /",
            ],
            Routes(older + "\n---\n" + younger).Select(Describe));
    }

    [Fact]
    public void A_prefix_goes_by_segments_and_a_slash_at_its_end_says_nothing()
    {
        var match = Assert.Single(Routes(Route("r", """
            - matches: [ { path: { value: /api/ } } ]
              backendRefs: [ { name: b, port: 80 } ]
            """))).Match;

        Assert.Equal("/api", match.PathSeparatedPrefix);
    }

    [Fact]
    public void Conditions_become_envoys_own_and_the_first_of_a_name_counts()
    {
        var match = Assert.Single(Routes(Route("r", """
            - matches:
              - method: POST
                headers: [ { name: X-One, value: a }, { name: x-one, value: b }, { name: x-two, type: RegularExpression, value: "v[0-9]" } ]
                queryParams: [ { name: Q, value: a }, { name: q, value: b } ]
              backendRefs: [ { name: b, port: 80 } ]
            """))).Match;

        Assert.Equal("/", match.Prefix);
        Assert.Equal(
            [(":method", "POST"), ("x-one", "a"), ("x-two", "v[0-9]")],
            match.Headers.Select(h => (h.Name, h.StringMatch.HasExact ? h.StringMatch.Exact : h.StringMatch.SafeRegex.Regex)));
        Assert.Equal([("Q", "a"), ("q", "b")], match.QueryParameters.Select(q => (q.Name, q.StringMatch.Exact)));
    }

    [Fact]
    public void Weights_are_shares_and_a_backend_that_does_not_exist_keeps_its_own_which_is_answered_with_500()
    {
        var action = Assert.Single(Routes(Route("r", """
            - backendRefs:
              - { name: b, port: 80, weight: 8 }
              - { name: c, namespace: other, port: 80 }
              - { name: a, port: 80, weight: 0 }
              - { name: nowhere, port: 80, weight: 1 }
            """))).Route_;

        Assert.Equal(
            [(B, 8u), (C, 1u), ("outbound|80||unresolved.~", 1u)],
            action.WeightedClusters.Clusters.Select(c => (c.Name, c.Weight!.Value)));
        Assert.Equal(RouteAction.Types.ClusterNotFoundResponseCode.InternalServerError, action.ClusterNotFoundResponseCode);
    }

    [Theory]
    [InlineData("[ { name: nowhere, port: 80 } ]")]
    [InlineData("[ { name: b, port: 81 } ]")]
    [InlineData("[ { name: b, port: 80, kind: Bucket, group: storage.example } ]")]
    [InlineData("[ { name: b, port: 80, weight: 0 } ]")]
    [InlineData("[]")]
    public void A_rule_that_leads_nowhere_answers_500(string backends)
    {
        var route = Assert.Single(Routes(Route("r", $"- backendRefs: {backends}")));

        Assert.Equal(500u, route.DirectResponse.Status);
    }

    [Fact]
    public void Headers_are_changed_for_all_backends_or_for_one_and_a_percent_sign_is_one()
    {
        var route = Assert.Single(Routes(Route("r", """
            - filters:
              - { type: RequestHeaderModifier, requestHeaderModifier: { set: [ { name: X-Set, value: "50%" } ], add: [ { name: x-add, value: a } ], remove: [ x-gone ] } }
              - { type: ResponseHeaderModifier, responseHeaderModifier: { add: [ { name: x-answer, value: a } ] } }
              backendRefs:
              - { name: b, port: 80, filters: [ { type: RequestHeaderModifier, requestHeaderModifier: { set: [ { name: x-backend, value: b } ] } } ] }
              - { name: c, namespace: other, port: 80 }
            """)));

        Assert.Equal(
            [
                ("x-set", "50%%", HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExistsOrAdd),
                ("x-add", "a", HeaderValueOption.Types.HeaderAppendAction.AppendIfExistsOrAdd),
            ],
            route.RequestHeadersToAdd.Select(h => (h.Header.Key, h.Header.Value, h.AppendAction)));
        Assert.Equal(["x-gone"], route.RequestHeadersToRemove);
        Assert.Equal(["x-answer"], route.ResponseHeadersToAdd.Select(h => h.Header.Key));
        var backend = route.Route_.WeightedClusters.Clusters[0];
        Assert.Equal(["x-backend"], backend.RequestHeadersToAdd.Select(h => h.Header.Key));
    }

    [Fact]
    public void A_redirect_takes_the_port_of_its_scheme_or_of_the_listener_and_is_a_302_by_default()
    {
        var routes = Routes(Route("r", """
            - matches: [ { path: { value: /scheme } } ]
              filters: [ { type: RequestRedirect, requestRedirect: { scheme: https, hostname: new.example, statusCode: 301 } } ]
            - matches: [ { path: { value: /port } } ]
              filters: [ { type: RequestRedirect, requestRedirect: { port: 8443 } } ]
            - matches: [ { path: { value: /old } } ]
              filters: [ { type: RequestRedirect, requestRedirect: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /new } } } ]
            """)).Select(r => r.Redirect).ToList();

        Assert.Equal([443u, 8443u, 80u], routes.Select(r => r.PortRedirect));
        Assert.Equal(("https", "new.example"), (routes[0].SchemeRedirect, routes[0].HostRedirect));
        Assert.Equal(RedirectAction.Types.RedirectResponseCode.MovedPermanently, routes[0].ResponseCode);
        Assert.Equal(RedirectAction.Types.RedirectResponseCode.Found, routes[1].ResponseCode);
        Assert.Equal(("^\\/old", "/new"), (routes[2].RegexRewrite.Pattern.Regex, routes[2].RegexRewrite.Substitution));
    }

    [Fact]
    public void Rewrites_copies_and_timeouts_are_those_of_a_VirtualService()
    {
        var action = Assert.Single(Routes(Route("r", """
            - filters:
              - { type: URLRewrite, urlRewrite: { hostname: inner.example, path: { type: ReplaceFullPath, replaceFullPath: /fixed } } }
              - { type: RequestMirror, requestMirror: { backendRef: { name: c, namespace: other, port: 80 }, fraction: { numerator: 1, denominator: 4 } } }
              - { type: RequestMirror, requestMirror: { backendRef: { name: nowhere, port: 80 } } }
              backendRefs: [ { name: b, port: 80 } ]
              timeouts: { request: 10s, backendRequest: 2s }
            """))).Route_;

        Assert.Equal(("inner.example", "/fixed"), (action.HostRewriteLiteral, action.RegexRewrite.Substitution));
        var mirror = Assert.Single(action.RequestMirrorPolicies);
        Assert.Equal((C, 250_000u), (mirror.Cluster, mirror.RuntimeFraction.DefaultValue.Numerator));
        Assert.Equal(TimeSpan.FromSeconds(10), action.Timeout.ToTimeSpan());
        Assert.Equal((TimeSpan.FromSeconds(2), 2u), (action.RetryPolicy.PerTryTimeout.ToTimeSpan(), action.RetryPolicy.NumRetries!.Value));
    }

    [Fact]
    public void The_retries_of_a_rule_replace_the_meshs()
    {
        var retry = Assert.Single(Routes(Route("r", """
            - backendRefs: [ { name: b, port: 80 } ]
              retry: { attempts: 4, codes: [ 502, 504 ], backoff: 50ms }
              timeouts: { backendRequest: 1s }
            """))).Route_.RetryPolicy;

        Assert.Equal((4u, "connect-failure,refused-stream,reset,retriable-status-codes"), (retry.NumRetries!.Value, retry.RetryOn));
        Assert.Equal([502u, 504u], retry.RetriableStatusCodes);
        Assert.Equal(TimeSpan.FromSeconds(1), retry.PerTryTimeout.ToTimeSpan());
    }

    [Fact]
    public void Clients_of_a_namespace_with_routes_of_its_own_follow_those_and_others_those_of_the_service()
    {
        var producer = Route("producer", "- backendRefs: [ { name: b, port: 80 } ]");
        var consumer = Route("consumer", "- backendRefs: [ { name: c, port: 80 } ]", ns: "other", parent: "name: b, namespace: app");
        var mesh = TestMesh.With(consumer + "\n---\n" + producer);

        Assert.Equal(B, Assert.Single(mesh.For().RoutesOfB).Route_.Cluster);
        Assert.Equal(C, Assert.Single(mesh.For("other", "app=c").RoutesOfB).Route_.Cluster);
    }

    [Fact]
    public void A_route_of_the_client_for_one_port_leaves_the_others_to_the_services_own()
    {
        var producer = Route("producer", "- backendRefs: [ { name: a, namespace: app, port: 80 } ]", ns: "other", parent: "name: c");
        var consumer = Route("consumer", "- backendRefs: [ { name: b, port: 80 } ]", parent: "name: c, namespace: other, port: 80");
        var mesh = TestMesh.With(consumer + "\n---\n" + producer).For();

        Assert.Equal(B, Assert.Single(mesh.Host("c.other.svc.cluster.local").Routes).Route_.Cluster);
        Assert.Equal(
            "outbound|80||a.app.svc.cluster.local", Assert.Single(mesh.Host("c.other.svc.cluster.local", 7070).Routes).Route_.Cluster);
    }

    [Fact]
    public void A_private_entry_of_another_namespace_for_the_host_is_another_service()
    {
        const string Private = """
            kind: ServiceEntry
            apiVersion: networking.istio.io/v1
            metadata: { name: shadow, namespace: aaa }
            spec: { hosts: [ b.app.svc.cluster.local ], exportTo: [ "." ], resolution: STATIC, ports: [ { number: 80, name: http, protocol: HTTP } ], endpoints: [ { address: 10.9.9.9 } ] }
            """;
        var mesh = TestMesh.With(Private + "\n---\n" + Route("r", "- backendRefs: [ { name: c, namespace: other, port: 80 } ]"));

        Assert.Equal(C, Assert.Single(mesh.For("other", "app=c").RoutesOfB).Route_.Cluster);
        Assert.Equal(B, Assert.Single(mesh.For("aaa", "app=x").RoutesOfB).Route_.Cluster);
    }

    [Theory]
    [InlineData("name: b, port: 80", true)]
    [InlineData("name: b, sectionName: http", true)]
    [InlineData("name: b, port: 9000", false)]
    [InlineData("name: b, port: 80, sectionName: tcp-raw", false)]
    public void A_route_may_be_for_one_port(string parent, bool isHere)
    {
        var routes = Routes(Route("r", "- backendRefs: [ { name: c, namespace: other, port: 80 } ]", parent: parent));

        Assert.Equal(isHere ? C : B, Assert.Single(routes).Route_.Cluster);
    }

    [Fact]
    public void A_route_of_the_service_counts_before_an_older_VirtualService_whose_TCP_routes_still_do()
    {
        var mesh = TestMesh.With("""
            kind: VirtualService
            apiVersion: networking.istio.io/v1
            metadata: { name: older, namespace: app }
            spec:
              hosts: [ b ]
              http: [ { route: [ { destination: { host: a } } ] } ]
              tcp: [ { route: [ { destination: { host: c.other.svc.cluster.local, port: { number: 7070 } } } ] } ]
            ---
            """ + "\n" + Route("r", "- backendRefs: [ { name: b, port: 80 } ]")).For();

        var route = Assert.Single(mesh.RoutesOfB);
        Assert.Equal((B, "app.r.0"), (route.Route_.Cluster, route.Name));
        Assert.Equal(
            "outbound|7070||c.other.svc.cluster.local",
            mesh.Listener("b.app.svc.cluster.local_9000").DefaultFilterChain.Filters[^1].TypedConfig.Unpack<TcpProxy>().Cluster);
    }

    [Fact]
    public void A_route_says_which_resource_it_comes_from() =>
        Assert.Equal(
            "/apis/gateway.networking.k8s.io/v1/namespaces/app/httproutes/r",
            Assert.Single(Routes(Route("r", "- backendRefs: [ { name: b, port: 80 } ]")))
                .Metadata.FilterMetadata["istio"].Fields["config"].StringValue);

    [Fact]
    public void A_gRPC_program_gets_a_prefix_by_segments_as_an_expression()
    {
        var yaml = Route("r", """
            - matches: [ { path: { value: /shop.Cart } } ]
              backendRefs: [ { name: b, port: 80 } ]
            """);
        var mesh = TestMesh.With(yaml).For(TestMesh.Proxyless());

        var routes = mesh.Routes("outbound|80||b.app.svc.cluster.local").VirtualHosts[0].Routes;
        Assert.Equal("\\/shop\\.Cart(/.*)?", routes[0].Match.SafeRegex.Regex);
    }

    private static string Describe(Route route)
    {
        var match = route.Match;
        var path = match.PathSpecifierCase switch
        {
            RouteMatch.PathSpecifierOneofCase.Path => $"{match.Path} exact",
            RouteMatch.PathSpecifierOneofCase.SafeRegex => $"{match.SafeRegex.Regex} regex",
            RouteMatch.PathSpecifierOneofCase.PathSeparatedPrefix => match.PathSeparatedPrefix,
            _ => match.Prefix,
        };
        var conditions = match.Headers.Select(h => $" {h.Name}").Concat(match.QueryParameters.Select(q => $" ?{q.Name}"));
        return $"{route.Name.Split('.')[1]} {path}{string.Concat(conditions)}";
    }

    private static RepeatedField<Route> Routes(string yaml) => TestMesh.With(yaml).For().RoutesOfB;

    private static string Route(string name, string rules, string ns = "app", string parent = "name: b") => $$"""
        kind: HTTPRoute
        apiVersion: gateway.networking.k8s.io/v1
        metadata: { name: {{name}}, namespace: {{ns}} }
        spec:
          parentRefs: [ { group: "", kind: Service, {{parent}} } ]
          rules:
        {{string.Join('\n', rules.Split('\n').Select(line => "  " + line))}}
        """;
}
