using Google.Protobuf.Collections;
using MeshOrleans.Xds.Protocol.Cors;
using MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>Routes that one VirtualService leaves to another (behaviour row 20, T14).</summary>
public sealed class DelegateTests
{
    private const string C = "outbound|80||c.other.svc.cluster.local";
    private const string B = "outbound|80||b.app.svc.cluster.local";

    [Fact]
    public void The_delegates_routes_take_the_place_of_the_entry_and_those_outside_of_it_are_dropped()
    {
        var routes = Routes(
            "name: r, match: [{ uri: { prefix: /api } }], timeout: 5s",
            """
            - { name: ok, match: [{ uri: { prefix: /api/v2 } }], route: [{ destination: { host: c } }] }
            - { name: bad, match: [{ uri: { prefix: /else } }], route: [{ destination: { host: c } }] }
            """);

        Assert.Equal([("r-ok", "/api/v2", C), ("", "/", B)], routes.Select(r => (r.Name, r.Match.Prefix, r.Route_.Cluster)));
        Assert.Equal(TimeSpan.FromSeconds(5), routes[0].Route_.Timeout.ToTimeSpan());
    }

    [Theory]
    [InlineData("{ uri: { prefix: /a } }", "{ uri: { prefix: /a } }", true)]
    [InlineData("{ uri: { prefix: /a/b } }", "{ uri: { prefix: /a } }", false)]
    [InlineData("{ uri: { prefix: /a } }", "{ uri: { exact: /ab } }", true)]
    [InlineData("{ uri: { exact: /a } }", "{ uri: { prefix: /a } }", false)]
    [InlineData("{ uri: { exact: /a } }", "{ uri: { exact: /a } }", true)]
    [InlineData("{ uri: { regex: /a.* } }", "{ uri: { prefix: /a } }", false)]
    [InlineData("{ uri: { prefix: /a } }", "{ uri: { regex: /a.* } }", false)]
    [InlineData("{ uri: { regex: /a.* } }", "{ headers: { x: { exact: y } } }", true)]
    [InlineData("{ headers: { x: { exact: y } } }", "{ headers: { x: { exact: z } } }", false)]
    [InlineData("{ headers: { x: { exact: y } } }", "{ headers: { z: { exact: z } } }", true)]
    [InlineData("{ method: { exact: GET } }", "{ method: { exact: PUT } }", false)]
    [InlineData("{ port: 80 }", "{ port: 81 }", false)]
    [InlineData("{ port: 80 }", "{ uri: { prefix: /x } }", true)]
    [InlineData("{ sourceLabels: { app: a } }", "{ sourceLabels: { app: b } }", false)]
    [InlineData("{ uri: { prefix: /a }, ignoreUriCase: true }", "{ uri: { prefix: /a } }", false)]
    [InlineData("{ queryParams: { q: { exact: y } } }", "{ queryParams: { q: { exact: z } } }", false)]
    public void A_condition_of_the_delegate_must_lie_within_the_roots(string root, string leaf, bool isKept)
    {
        var routes = Routes(
            $"match: [{root}]", $$"""- { match: [{{leaf}}], route: [{ destination: { host: c } }] }""");

        Assert.Equal(isKept, routes.Any(r => r.Route_.Cluster == C));
    }

    [Fact]
    public void Each_condition_is_joined_with_every_one_of_the_root_that_holds_it()
    {
        var routes = Routes(
            "match: [{ uri: { prefix: /a } }, { headers: { x: { exact: y } } }]",
            """- { match: [{ uri: { prefix: /a/b }, queryParams: { q: { exact: "1" } } }], route: [{ destination: { host: c } }] }""");

        Assert.Equal(3, routes.Count);
        Assert.All(routes.Take(2), r => Assert.Equal(("/a/b", "q"), (r.Match.Prefix, r.Match.QueryParameters[0].Name)));
        Assert.Equal([0, 1], routes.Take(2).Select(r => r.Match.Headers.Count));
    }

    [Fact]
    public void What_the_delegate_says_counts_before_what_the_root_says_and_the_rest_is_inherited()
    {
        var routes = Routes(
            """
            timeout: 5s, retries: { attempts: 7 }, mirror: { host: a }, rewrite: { uri: /root },
            corsPolicy: { allowOrigins: [{ exact: "http://root" }] }, headers: { request: { set: { who: root } } }
            """,
            """
            - { route: [{ destination: { host: c } }], timeout: 1s, headers: { request: { set: { who: leaf } } } }
            - { name: plain, route: [{ destination: { host: c } }] }
            """,
            rest: "");

        Assert.Equal((1.0, "leaf"), (routes[0].Route_.Timeout.ToTimeSpan().TotalSeconds, Who(routes[0])));
        Assert.Equal(("/root", 7u), (routes[0].Route_.PrefixRewrite, routes[0].Route_.RetryPolicy.NumRetries));
        Assert.Equal("outbound|80||a.app.svc.cluster.local", Assert.Single(routes[0].Route_.RequestMirrorPolicies).Cluster);
        Assert.Equal(
            "http://root",
            routes[0].TypedPerFilterConfig["envoy.filters.http.cors"].Unpack<CorsPolicy>().AllowOriginStringMatch[0].Exact);
    }

    [Theory]
    [InlineData("{ name: child, namespace: nowhere }", "", "")]
    [InlineData("{ name: child, namespace: other }", ", exportTo: [\".\"]", "")]
    [InlineData("{ name: child, namespace: other }", ", exportTo: [app]", C)]
    public void An_entry_whose_delegate_is_not_there_for_it_is_left_out(string named, string exportTo, string first)
    {
        var routes = TestMesh.With($$"""
            { kind: VirtualService, apiVersion: networking.istio.io/v1, metadata: { name: root }, spec: { hosts: [b], http: [{ match: [{ uri: { prefix: / } }], delegate: {{named}} }, { route: [{ destination: { host: b } }] }] } }
            ---
            { kind: VirtualService, apiVersion: networking.istio.io/v1, metadata: { name: child, namespace: other }, spec: { http: [{ route: [{ destination: { host: c } }] }]{{exportTo}} } }
            """).For().RoutesOfB;

        Assert.Equal(first.Length > 0 ? first : B, Assert.Single(routes).Route_.Cluster);
    }

    [Fact]
    public void A_delegate_without_a_root_has_no_effect()
    {
        var mesh = TestMesh.With("""
            { kind: VirtualService, apiVersion: networking.istio.io/v1, metadata: { name: child }, spec: { http: [{ route: [{ destination: { host: a } }] }] } }
            """);

        Assert.Equal(TestMesh.With("").For().Routes(80), mesh.For().Routes(80));
    }

    private static string Who(Route route) => Assert.Single(route.RequestHeadersToAdd).Header.Value;

    private static RepeatedField<Route> Routes(
        string root, string routes, string rest = ", { route: [{ destination: { host: b } }] }") =>
        TestMesh.With($$"""
            kind: VirtualService
            apiVersion: networking.istio.io/v1
            metadata: { name: root }
            spec: { hosts: [b], http: [{ {{root.ReplaceLineEndings(" ")}}, delegate: { name: child, namespace: other } }{{rest}}] }
            ---
            kind: VirtualService
            apiVersion: networking.istio.io/v1
            metadata: { name: child, namespace: other }
            spec:
              http:
              {{routes.ReplaceLineEndings("\n  ")}}
            """).For().RoutesOfB;
}
