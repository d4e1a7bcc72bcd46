using Google.Protobuf.Collections;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Fault;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Protocol.TcpProxy;
using MeshOrleans.Xds.Translation.Checks;

namespace MeshOrleans.Xds.Tests.Translation;

public sealed class RouteTranslatorTests
{
    [Theory]
    [InlineData("", "outbound|7000||u.app.svc.cluster.local")]
    [InlineData("{route: [{destination: {host: b, port: {number: 9000}}}]}", "outbound|9000||b.app.svc.cluster.local")]
    [InlineData("{match: [{sourceSubnet: 10.0.0.0/8}], route: [{destination: {host: b, port: {number: 9000}}}]}", "outbound|7000||u.app.svc.cluster.local")]
    [InlineData("{route: [{destination: {host: nobody}}]}", "BlackHoleCluster")]
    public void Bytes_to_what_nobody_declares_go_by_the_rule_of_TCP_that_takes_everything(string rule, string cluster)
    {
        var rules = rule + (rule.Length > 0 ? ", " : "") + "{match: [{port: 1}], route: [{destination: {host: b}}]}";
        var mesh = TestMesh.With($$$"""
            {apiVersion: v1, kind: Service, metadata: {name: u, namespace: app}, spec: {selector: {app: b}, ports: [{name: u, port: 7000}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: u, namespace: app}, spec: {hosts: [u], tcp: [{{{rules}}}]}}
            """);

        var host = mesh.For().Host("u.app.svc.cluster.local", 7000);

        Assert.Equal(cluster, host.Metadata.TypedFilterMetadata[UndeclaredPort.Metadata].Unpack<TcpProxy>().Cluster);
        Assert.All(mesh.For().Routes(80).VirtualHosts, h => Assert.Null(h.Metadata));
        Assert.All(mesh.For(TestMesh.Envoy()).Routes(7000).VirtualHosts, h => Assert.Null(h.Metadata));
    }

    [Fact]
    public void A_service_without_a_word_gets_a_default_route_without_timeout_and_with_Istios_retries()
    {
        var route = Assert.Single(TestMesh.With("").For().RoutesOfB);

        Assert.Equal("outbound|80||b.app.svc.cluster.local", route.Route_.Cluster);
        Assert.Equal(TimeSpan.Zero, route.Route_.Timeout.ToTimeSpan());
        Assert.Equal("connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes", route.Route_.RetryPolicy.RetryOn);
        Assert.Equal(2u, route.Route_.RetryPolicy.NumRetries);
        Assert.Equal(5, route.Route_.RetryPolicy.HostSelectionRetryMaxAttempts);
    }

    [Fact]
    public void Clients_of_the_same_namespace_may_use_the_bare_name_and_others_may_not()
    {
        var mesh = TestMesh.With("");

        var own = mesh.For("app").Host("b.app.svc.cluster.local").Domains;
        var foreign = mesh.For("other", "app=c").Host("b.app.svc.cluster.local").Domains;

        Assert.Equal(
            ["b.app.svc.cluster.local", "b.app.svc.cluster.local:80", "b.app.svc.cluster.local.",
                "b.app.svc.cluster.local.:80", "b.app.svc", "b.app.svc:80", "b.app", "b.app:80", "b", "b:80"],
            own);
        Assert.Equal(own.Take(8), foreign);
    }

    [Theory]
    [InlineData("ALLOW_ANY", "allow_any")]
    [InlineData("REGISTRY_ONLY", "block_all")]
    public void What_is_unknown_ends_in_the_last_host(string mode, string expected)
    {
        var mesh = TestMesh.With($"{{kind: Sidecar, apiVersion: networking.istio.io/v1, metadata: {{name: default}}, spec: {{outboundTrafficPolicy: {{mode: {mode}}}}}}}");

        var last = mesh.For().Routes(80).VirtualHosts[^1];

        Assert.Equal((expected, "*"), (last.Name, Assert.Single(last.Domains)));
        if (expected == "block_all") Assert.Equal(502u, last.Routes[0].DirectResponse.Status);
        else Assert.Equal("PassthroughCluster", last.Routes[0].Route_.Cluster);
    }

    [Fact]
    public void The_networks_of_an_entry_are_domains_of_sidecars_and_the_first_entry_has_each()
    {
        var mesh = TestMesh.With(string.Join("\n---\n", new[] { "a", "b" }.Select(name => $$"""
            kind: ServiceEntry
            apiVersion: networking.istio.io/v1
            metadata: { name: {{name}}, namespace: app }
            spec:
              hosts: [ {{name}}.net.example ]
              addresses: [ 10.1.7.7/16, 10.1.2.3, "2001:db8::1/32" ]
              resolution: NONE
              ports: [ { number: 80, name: http, protocol: HTTP } ]
            """)));

        Assert.Equal(
            ["10.1.0.0/16", "10.1.2.3", "10.1.2.3:80", "2001:db8::/32"],
            mesh.For().Host("a.net.example").Domains.Where(IsAddress).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(mesh.For().Host("b.net.example").Domains, IsAddress);
        Assert.DoesNotContain(mesh.For(TestMesh.Envoy()).Host("a.net.example").Domains, domain => domain.Contains('/'));

        static bool IsAddress(string domain) => char.IsAsciiDigit(domain[0]);
    }

    [Fact]
    public void Weights_of_zero_are_dropped_among_several_and_ignored_for_one()
    {
        var several = Rule("""
            - match: [ { uri: { prefix: /one } } ]
              route: [ { destination: { host: b }, weight: 0 } ]
            - route:
              - { destination: { host: b }, weight: 3 }
              - { destination: { host: a }, weight: 0 }
              - { destination: { host: c.other.svc.cluster.local }, weight: 1 }
            """);

        Assert.Equal("outbound|80||b.app.svc.cluster.local", several[0].Route_.Cluster);
        Assert.Equal(
            [("outbound|80||b.app.svc.cluster.local", 3u), ("outbound|80||c.other.svc.cluster.local", 1u)],
            several[1].Route_.WeightedClusters.Clusters.Select(c => (c.Name, c.Weight!.Value)));
    }

    [Fact]
    public void The_port_is_the_one_given_or_the_only_one_or_the_listeners()
    {
        var routes = Rule("""
            - match: [ { uri: { prefix: /given } } ]
              route: [ { destination: { host: c.other.svc.cluster.local, port: { number: 7070 } } } ]
            - match: [ { uri: { prefix: /listener } } ]
              route: [ { destination: { host: c.other.svc.cluster.local } } ]
            - route: [ { destination: { host: a } } ]
            """, listener: 80);

        Assert.Equal(
            ["outbound|7070||c.other.svc.cluster.local", "outbound|80||c.other.svc.cluster.local", "outbound|80||a.app.svc.cluster.local"],
            routes.Select(r => r.Route_.Cluster));
    }

    [Fact]
    public void A_route_into_nothing_is_kept_and_answers_503()
    {
        var translated = TestMesh.With(VirtualService("- route: [ { destination: { host: b, subset: nowhere } } ]")).For();

        var action = Assert.Single(translated.RoutesOfB).Route_;
        Assert.Equal("outbound|80|nowhere|b.app.svc.cluster.local", action.Cluster);
        Assert.Equal(RouteAction.Types.ClusterNotFoundResponseCode.ServiceUnavailable, action.ClusterNotFoundResponseCode);
        Assert.Equal(action.Cluster, Assert.Single(ReferenceCheck.MissingClusters(translated.Resources)));
    }

    [Fact]
    public void Nothing_is_written_after_a_rule_that_takes_everything()
    {
        var routes = Rule("""
            - { name: first, match: [ { headers: { x: { exact: "1" } } } ], route: [ { destination: { host: b } } ] }
            - { name: all, match: [ { uri: { prefix: / } } ], route: [ { destination: { host: b } } ] }
            - { name: never, route: [ { destination: { host: a } } ] }
            """);

        Assert.Equal(["first", "all"], routes.Select(r => r.Name));
    }

    [Fact]
    public void Rules_for_other_workloads_ports_or_gateways_are_left_out()
    {
        var yaml = VirtualService("""
            - { name: labels, match: [ { sourceLabels: { version: canary } } ], route: [ { destination: { host: a } } ] }
            - { name: namespace, match: [ { sourceNamespace: other, uri: { prefix: /n } } ], route: [ { destination: { host: a } } ] }
            - { name: port, match: [ { port: 7070, uri: { prefix: /p } } ], route: [ { destination: { host: a } } ] }
            - { name: gateway, match: [ { gateways: [ app/gw ], uri: { prefix: /g } } ], route: [ { destination: { host: a } } ] }
            - { name: rest, route: [ { destination: { host: b } } ] }
            """);

        Assert.Equal(["rest"], TestMesh.With(yaml).For().RoutesOfB.Select(r => r.Name));
        Assert.Equal(["labels"], TestMesh.With(yaml).For("app", "app=a,version=canary").RoutesOfB.Select(r => r.Name));
        Assert.Equal(
            ["namespace", "rest"],
            TestMesh.With(yaml).For("other", "app=c").RoutesOfB.Select(r => r.Name));
    }

    [Fact]
    public void When_no_rule_is_for_this_proxy_the_service_keeps_its_default_route()
    {
        var routes = Rule("- { match: [ { sourceLabels: { version: canary } } ], route: [ { destination: { host: a } } ] }");

        Assert.Equal("default", Assert.Single(routes).Name);
    }

    [Fact]
    public void The_oldest_of_two_for_one_host_wins_and_nothing_is_merged()
    {
        var yaml = VirtualService("- { match: [ { uri: { prefix: /one } } ], route: [ { destination: { host: b } } ] }", name: "z-first")
            + "\n---\n" + VirtualService("- route: [ { destination: { host: a } } ]", name: "a-second");

        var route = Assert.Single(TestMesh.With(yaml).For().RoutesOfB);

        Assert.Equal("/one", route.Match.Prefix);
    }

    [Fact]
    public void A_private_one_counts_before_an_older_public_one()
    {
        var yaml = VirtualService("- route: [ { destination: { host: a } } ]", name: "public")
            + "\n---\n" + VirtualService("- route: [ { destination: { host: b } } ]", name: "private", extra: "exportTo: ['.']");

        Assert.Equal("outbound|80||b.app.svc.cluster.local", TestMesh.With(yaml).For().RoutesOfB[0].Route_.Cluster);
        Assert.Equal("outbound|80||a.app.svc.cluster.local", TestMesh.With(yaml).For("other", "app=c").RoutesOfB[0].Route_.Cluster);
    }

    [Fact]
    public void Matches_become_envoys_own()
    {
        var match = Rule("""
            - match:
              - uri: { prefix: /Foo }
                ignoreUriCase: true
                method: { exact: GET }
                headers: { X-A: { regex: "v[0-9]+" }, x-present: {} }
                withoutHeaders: { x-no: { exact: bad }, x-absent: {} }
                queryParams: { q: { prefix: a } }
              route: [ { destination: { host: b } } ]
            """)[0].Match;

        Assert.Equal(("/Foo", false), (match.Prefix, match.CaseSensitive));
        Assert.Equal(
            [(":method", "GET", false, false, false), ("x-a", "v[0-9]+", false, false, false), ("x-present", "", true, false, false),
                ("x-absent", "", true, true, false), ("x-no", "bad", false, true, true)],
            match.Headers.Select(h => (
                h.Name,
                h.StringMatch is { } s ? s.Exact + s.SafeRegex?.Regex : "",
                h.PresentMatch,
                h.InvertMatch,
                h.TreatMissingHeaderAsEmpty)));
        Assert.Equal("a", Assert.Single(match.QueryParameters).StringMatch.Prefix);
    }

    [Fact]
    public void Retries_read_status_codes_among_the_conditions()
    {
        var routes = Rule("""
            - match: [ { uri: { prefix: /r } } ]
              retries: { attempts: 3, perTryTimeout: 1s, retryOn: "connect-failure,503" }
              timeout: 3s
              route: [ { destination: { host: b } } ]
            - retries: { attempts: 0 }
              route: [ { destination: { host: b } } ]
            """);

        var policy = routes[0].Route_.RetryPolicy;
        Assert.Equal((3u, "connect-failure,retriable-status-codes"), (policy.NumRetries!.Value, policy.RetryOn));
        Assert.Equal([503u], policy.RetriableStatusCodes);
        Assert.Equal(TimeSpan.FromSeconds(1), policy.PerTryTimeout.ToTimeSpan());
        Assert.Equal(TimeSpan.FromSeconds(3), routes[0].Route_.Timeout.ToTimeSpan());
        Assert.Equal(TimeSpan.FromSeconds(3), routes[0].Route_.MaxGrpcTimeout.ToTimeSpan());
        Assert.Null(routes[1].Route_.RetryPolicy);
    }

    [Fact]
    public void A_single_destinations_headers_come_after_the_routes()
    {
        var route = Rule("""
            - headers: { request: { set: { x: route, host: route.example }, remove: [ r1 ] } }
              route:
              - destination: { host: b }
                headers: { request: { set: { x: destination, host: destination.example }, remove: [ r2 ] } }
            """)[0];

        Assert.Equal(["r1", "r2"], route.RequestHeadersToRemove);
        Assert.Equal(
            [("x", "route", HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExistsOrAdd),
                ("x", "destination", HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExistsOrAdd)],
            route.RequestHeadersToAdd.Select(h => (h.Header.Key, h.Header.Value, h.AppendAction)));
        Assert.Equal("route.example", route.Route_.HostRewriteLiteral);
    }

    [Fact]
    public void Headers_of_several_destinations_stand_on_their_clusters()
    {
        var route = Rule("""
            - rewrite: { authority: rewritten.example }
              headers: { response: { add: { x: route } } }
              route:
              - { destination: { host: b }, weight: 1, headers: { request: { set: { x: b, host: b.example } } } }
              - { destination: { host: a }, weight: 1 }
            """)[0];

        Assert.Empty(route.RequestHeadersToAdd);
        Assert.Equal("x", Assert.Single(route.ResponseHeadersToAdd).Header.Key);
        Assert.Equal("x", Assert.Single(route.Route_.WeightedClusters.Clusters[0].RequestHeadersToAdd).Header.Key);
        Assert.Equal("", route.Route_.WeightedClusters.Clusters[0].HostRewriteLiteral);
        Assert.Equal("rewritten.example", route.Route_.HostRewriteLiteral);
    }

    [Fact]
    public void Faults_need_a_percentage()
    {
        var routes = Rule("""
            - match: [ { uri: { prefix: /f } } ]
              fault: { delay: { percentage: { value: 10 }, fixedDelay: 5s }, abort: { percentage: { value: 0.0001 }, grpcStatus: UNAVAILABLE } }
              route: [ { destination: { host: b } } ]
            - fault: { abort: { httpStatus: 500 } }
              route: [ { destination: { host: b } } ]
            """);

        var fault = routes[0].TypedPerFilterConfig["envoy.filters.http.fault"].Unpack<HTTPFault>();
        Assert.Equal((TimeSpan.FromSeconds(5), 100_000u), (fault.Delay.FixedDelay.ToTimeSpan(), fault.Delay.Percentage.Numerator));
        Assert.Equal((14u, 1u), (fault.Abort.GrpcStatus, fault.Abort.Percentage.Numerator));
        Assert.Empty(routes[1].TypedPerFilterConfig);
    }

    [Fact]
    public void Redirects_direct_responses_rewrites_and_mirrors_are_translated()
    {
        var routes = Rule("""
            - match: [ { uri: { prefix: /old } } ]
              redirect: { uri: /new, authority: new.example, scheme: https, derivePort: FROM_PROTOCOL_DEFAULT, redirectCode: 308 }
            - match: [ { uri: { exact: /teapot } } ]
              directResponse: { status: 418, body: { string: short } }
            - match: [ { uri: { prefix: /w } } ]
              rewrite: { uri: /x }
              mirror: { host: a }
              mirrorPercentage: { value: 50 }
              route: [ { destination: { host: b } } ]
            - rewrite: { uriRegexRewrite: { match: "/(.*)", rewrite: "/v2/\\1" } }
              mirror: { host: a }
              mirrorPercentage: { value: 0 }
              route: [ { destination: { host: b } } ]
            """);

        var redirect = routes[0].Redirect;
        Assert.Equal(
            ("/new", "new.example", "https", 443u, RedirectAction.Types.RedirectResponseCode.PermanentRedirect),
            (redirect.PathRedirect, redirect.HostRedirect, redirect.SchemeRedirect, redirect.PortRedirect, redirect.ResponseCode));
        Assert.Equal((418u, "short"), (routes[1].DirectResponse.Status, routes[1].DirectResponse.Body.InlineBytes.ToStringUtf8()));
        Assert.Equal("/x", routes[2].Route_.PrefixRewrite);
        var mirror = Assert.Single(routes[2].Route_.RequestMirrorPolicies);
        Assert.Equal(("outbound|80||a.app.svc.cluster.local", 500_000u), (mirror.Cluster, mirror.RuntimeFraction.DefaultValue.Numerator));
        Assert.Equal(("/(.*)", "/v2/\\1"), (routes[3].Route_.RegexRewrite.Pattern.Regex, routes[3].Route_.RegexRewrite.Substitution));
        Assert.Empty(routes[3].Route_.RequestMirrorPolicies);
    }

    [Fact]
    public void A_host_that_only_a_VirtualService_knows_has_a_virtual_host_of_its_own()
    {
        var translated = TestMesh.With(VirtualService("- route: [ { destination: { host: b } } ]", host: "shop.example")).For();

        Assert.Equal(["shop.example", "shop.example:80"], translated.Host("shop.example").Domains);
        Assert.Equal("default", Assert.Single(translated.RoutesOfB).Name);
    }

    [Fact]
    public void A_Sidecar_resource_hides_what_it_does_not_list_but_not_where_routes_lead()
    {
        var mesh = TestMesh.With("""
            kind: Sidecar
            apiVersion: networking.istio.io/v1
            metadata: { name: default }
            spec: { egress: [ { hosts: [ "./b.app.svc.cluster.local" ] } ] }
            ---
            """ + "\n" + VirtualService("- route: [ { destination: { host: c.other.svc.cluster.local } } ]"));

        var names = mesh.For().Routes(80).VirtualHosts.Select(h => h.Name);

        Assert.Equal(["b.app.svc.cluster.local:80", "c.other.svc.cluster.local:80", "allow_any"], names);
    }

    private static RepeatedField<Route> Rule(string http, int listener = 80) =>
        TestMesh.With(VirtualService(http)).For().Host("b.app.svc.cluster.local", listener).Routes;

    private static string VirtualService(string http, string name = "b", string host = "b", string extra = "") => $"""
        kind: VirtualService
        apiVersion: networking.istio.io/v1
        metadata: {"{"} name: {name}, namespace: app {"}"}
        spec:
          {extra}
          hosts: [ "{host}" ]
          http:
        {Indent(http)}
        """;

    private static string Indent(string text) => string.Join('\n', text.Split('\n').Select(line => "  " + line));
}
