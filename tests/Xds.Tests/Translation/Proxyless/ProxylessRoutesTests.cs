using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Fault;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Xds.Tests.Translation.Proxyless;

/// <summary>What a gRPC program without sidecar is told of the services that it dials.</summary>
public sealed class ProxylessRoutesTests
{
    private const string B = "outbound|80||b.app.svc.cluster.local";
    private const uint Unavailable = 14;

    [Theory]
    [InlineData("b.app.svc.cluster.local:80")]
    [InlineData("b.app.svc:80")]
    [InlineData("b.app:80")]
    [InlineData("b:80")]
    public void A_service_is_dialled_by_any_of_its_names_with_the_port(string name)
    {
        var translated = TestMesh.With("").For(TestMesh.Proxyless());

        var manager = translated.Listener(name).ApiListener.ApiListener_.Unpack<HttpConnectionManager>();
        Assert.Equal(B, manager.Rds.RouteConfigName);
        Assert.Contains(name, Assert.Single(translated.Routes(B).VirtualHosts).Domains);
    }

    [Fact]
    public void A_service_of_another_namespace_has_no_name_without_it() =>
        Assert.False(TestMesh.With("").For(TestMesh.Proxyless()).Has(TypeUrls.Listener, "c:80"));

    [Fact]
    public void Ports_that_do_not_speak_HTTP_cannot_be_dialled() =>
        Assert.False(TestMesh.With("").For(TestMesh.Proxyless()).Has(TypeUrls.Listener, "b.app.svc.cluster.local:9000"));

    [Fact]
    public void Weights_are_kept_and_retries_are_those_that_gRPC_knows()
    {
        var action = Assert.Single(Routes(
            """{ route: [ { destination: { host: b, subset: v1 }, weight: 3 }, { destination: { host: b, subset: v2 }, weight: 1 } ] }""")).Route_;

        Assert.Equal(
            [("outbound|80|v1|b.app.svc.cluster.local", 3u), ("outbound|80|v2|b.app.svc.cluster.local", 1u)],
            action.WeightedClusters.Clusters.Select(c => (c.Name, c.Weight!.Value)));
        Assert.Equal(("cancelled,unavailable", 2u), (Ordered(action.RetryPolicy.RetryOn), action.RetryPolicy.NumRetries!.Value));
    }

    [Theory]
    [InlineData("retries: { attempts: 0 }")]
    [InlineData("retries: { attempts: 3, retryOn: \"5xx,connect-failure\" }")]
    public void Without_a_condition_that_gRPC_knows_nothing_is_retried(string retries) =>
        Assert.Null(Assert.Single(Routes($$"""{ {{retries}}, route: [ { destination: { host: b } } ] }""")).Route_.RetryPolicy);

    [Fact]
    public void A_timeout_bounds_the_callers_deadline()
    {
        var action = Assert.Single(Routes("{ timeout: 3s, route: [ { destination: { host: b } } ] }")).Route_;

        Assert.Null(action.Timeout);
        Assert.Equal((3, 3), (action.MaxStreamDuration.MaxStreamDuration_.Seconds, action.MaxStreamDuration.GrpcTimeoutHeaderMax.Seconds));
    }

    [Fact]
    public void A_fault_stays_what_it_is()
    {
        var route = Assert.Single(Routes(
            """{ fault: { abort: { percentage: { value: 100 }, grpcStatus: UNAVAILABLE } }, route: [ { destination: { host: b } } ] }"""));

        Assert.Equal(Unavailable, AbortOf(route));
    }

    [Theory]
    [InlineData("redirect: { uri: /x }", Unavailable)]
    [InlineData("directResponse: { status: 503 }", Unavailable)]
    [InlineData("directResponse: { status: 403 }", 7)]
    [InlineData("directResponse: { status: 404 }", 12)]
    [InlineData("directResponse: { status: 200 }", 2)]
    public void What_is_answered_without_a_server_fails_the_calls_it_concerns_and_no_others(string answer, uint code)
    {
        var routes = Routes(
            $$"""{ match: [ { headers: { x: { exact: "1" } } } ], {{answer}} }, { route: [ { destination: { host: b } } ] }""");

        Assert.Equal([code, null], routes.Select(AbortOf));
        Assert.All(routes, route => Assert.Equal(B, route.Route_.Cluster));
    }

    [Fact]
    public void Header_conditions_are_written_in_the_form_that_every_gRPC_reads()
    {
        var headers = Assert.Single(
            Routes("""{ match: [ { headers: { a: { exact: x }, b: { prefix: x }, c: { regex: "x+" }, d: {} } } ], route: [ { destination: { host: b } } ] }"""),
            route => route.Match.Headers.Count > 0).Match.Headers.OrderBy(h => h.Name, StringComparer.Ordinal).ToList();

        Assert.Equal(("x", "x", "x+", true), (headers[0].ExactMatch, headers[1].PrefixMatch, headers[2].SafeRegexMatch.Regex, headers[3].PresentMatch));
    }

    [Fact]
    public void Without_this_value_holds_for_a_missing_header_too()
    {
        var routes = Routes("""{ match: [ { withoutHeaders: { x: { exact: "1" } } } ], route: [ { destination: { host: a } } ] }""");

        Assert.Equal(3, routes.Count);
        Assert.Equal((true, true), (routes[0].Match.Headers[0].PresentMatch, routes[0].Match.Headers[0].InvertMatch));
        Assert.Equal(("1", true), (routes[1].Match.Headers[0].ExactMatch, routes[1].Match.Headers[0].InvertMatch));
        Assert.Equal(Unavailable, AbortOf(routes[2]));
    }

    [Fact]
    public void A_route_for_a_query_is_left_out_as_no_call_has_one()
    {
        var routes = Routes(
            """{ match: [ { queryParams: { x: { exact: "1" } } } ], route: [ { destination: { host: a } } ] }, { route: [ { destination: { host: b } } ] }""");

        Assert.Equal(B, Assert.Single(routes).Route_.Cluster);
    }

    [Fact]
    public void Calls_that_no_route_takes_fail()
    {
        var routes = Routes("""{ match: [ { uri: { exact: /health } } ], route: [ { destination: { host: b } } ] }""");

        Assert.Equal((2, Unavailable), (routes.Count, AbortOf(routes[1])));
    }

    [Fact]
    public void Header_changes_rewrites_and_copies_are_left_out()
    {
        var route = Assert.Single(Routes(
            """{ rewrite: { uri: /x, authority: y }, mirror: { host: a }, headers: { request: { set: { z: "1" } } }, route: [ { destination: { host: b } } ] }"""));

        Assert.Equal(("", "", 0, 0), (
            route.Route_.PrefixRewrite, route.Route_.HostRewriteLiteral, route.Route_.RequestMirrorPolicies.Count, route.RequestHeadersToAdd.Count));
    }

    private static Google.Protobuf.Collections.RepeatedField<Route> Routes(string http) =>
        Assert.Single(TestMesh.With($$"""
            { kind: VirtualService, apiVersion: networking.istio.io/v1, metadata: { name: b, namespace: app }, spec: { hosts: [ b ], http: [ {{http}} ] } }
            ---
            { kind: DestinationRule, apiVersion: networking.istio.io/v1, metadata: { name: b, namespace: app },
              spec: { host: b, subsets: [ { name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } } ] } }
            """).For(TestMesh.Proxyless()).Routes(B).VirtualHosts).Routes;

    private static uint? AbortOf(Route route) =>
        route.TypedPerFilterConfig.TryGetValue("envoy.filters.http.fault", out var fault)
            ? fault.Unpack<HTTPFault>().Abort.GrpcStatus
            : null;

    private static string Ordered(string conditions) =>
        string.Join(',', conditions.Split(',').Order(StringComparer.Ordinal));
}
