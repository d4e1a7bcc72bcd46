namespace MeshOrleans.EndToEnd.Tests.Differences;

/// <summary>Routes: VirtualServices with what they delegate to, and routes of the Gateway API.</summary>
internal static class DrawnRoutes
{
    private const string Api = "apiVersion: networking.istio.io/v1, kind: VirtualService";

    /// <summary>A VirtualService.</summary>
    /// <param name="draw">Chance.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="hosts">Its hosts.</param>
    /// <param name="gateways">Its gateways.</param>
    public static string VirtualService(Draw draw, string name, string hosts, string gateways)
    {
        var child = draw.Hits(20);
        var isEdge = !gateways.Contains("mesh", StringComparison.Ordinal);
        var rules = draw.Many(1, 5, i => Rule(draw, $"{name}{i}", child ? name : "", isEdge));
        var rest = draw.Perhaps(40, () => $$$""", {name: {{{name}}}-rest, route: [{destination: {host: {{{Service(draw)}}}}}]}""");
        var root = $$$"""{{{{Api}}}, metadata: {name: {{{name}}}, namespace: app}, spec: {hosts: [{{{hosts}}}], gateways: [{{{gateways}}}], http: [{{{rules}}}{{{rest}}}]}}""";
        return child
            ? $$$"""
              {{{root}}}
              ---
              {{{{Api}}}, metadata: {name: {{{name}}}-child, namespace: other}, spec: {http: [{{{draw.Many(1, 2, i => Rule(draw, $"{name}c{i}", "", isEdge: false))}}}]}}
              """
            : root;
    }

    /// <summary>An HTTPRoute of a service.</summary>
    public static string HttpRoute(Draw draw, string name) =>
        $$$"""{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: {{{name}}}, namespace: app}, spec: {parentRefs: [{group: "", kind: Service, name: {{{draw.One("a", "b")}}}}], rules: [{{{draw.Many(1, 3, _ => Rule(draw))}}}]}}""";

    /// <summary>A GRPCRoute of a service.</summary>
    public static string GrpcRoute(Draw draw, string name) =>
        $$$"""{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, metadata: {name: {{{name}}}, namespace: app}, spec: {parentRefs: [{group: "", kind: Service, name: {{{draw.One("a", "b")}}}}], rules: [{{{draw.Many(1, 3, _ => GrpcRule(draw))}}}]}}""";

    private static string GrpcRule(Draw draw)
    {
        var matches = draw.Perhaps(85, () => $"matches: [{draw.Many(1, 2, _ => $"{{{Call(draw)}}}")}], ");
        var filters = draw.Perhaps(40, () => $"filters: [{HeaderFilter(draw)}], ");
        return $"{{{matches}{filters}backendRefs: [{{name: {draw.One("a", "b", "b", "nobody")}, port: 80}}]}}";
    }

    private static string Call(Draw draw) => string.Join(", ", new[]
    {
        draw.Perhaps(80, () => $"method: {{{draw.One("service: shop.Cart", "service: shop.Cart, method: Add", "method: Add", "type: RegularExpression, service: \"shop[.].*\"", "service: shop.Bill, method: Pay")}}}"),
        draw.Perhaps(30, () => $$"""headers: [{name: {{draw.One("x-user", "X-Team")}}, value: "{{draw.One("alice", "bob", "alice,bob")}}"}]"""),
    }.Where(text => text.Length > 0));

    private static string Rule(Draw draw)
    {
        var matches = draw.Perhaps(85, () => $"matches: [{draw.Many(1, 2, _ => $"{{{Condition(draw)}}}")}], ");
        var filters = draw.Many(0, 2, i => i == 0 ? HeaderFilter(draw) : RouteFilter(draw));
        var isRedirect = filters.Contains("requestRedirect", StringComparison.Ordinal);
        var to = isRedirect ? "" : $$"""backendRefs: [{name: {{draw.One("a", "b", "b", "nobody")}}, port: 80}]""";
        return $"{{{matches}filters: [{filters}], {to}}}";
    }

    private static string Condition(Draw draw) => string.Join(", ", new[]
    {
        draw.Perhaps(80, () => $$"""path: {type: {{draw.One("PathPrefix", "PathPrefix", "Exact", "RegularExpression")}}, value: "{{draw.One("/", "/api", "/api/v1", "/old", "/API", "/a/b")}}"}"""),
        draw.Perhaps(20, () => $"method: {draw.One("GET", "POST", "DELETE")}"),
        draw.Perhaps(30, () => $$"""headers: [{name: {{draw.One("x-user", "X-Team")}}, value: "{{draw.One("alice", "bob", "alice,bob")}}"}]"""),
        draw.Perhaps(20, () => $$"""queryParams: [{name: a, value: "{{draw.One("1", "2")}}"}]"""),
    }.Where(text => text.Length > 0));

    private static string HeaderFilter(Draw draw) =>
        $"{{type: RequestHeaderModifier, requestHeaderModifier: {{set: [{{name: x-team, value: alice}}], add: [{{name: x-user, value: bob}}], "
        + $"remove: [{draw.One("x-color", "x-none")}]}}}}";

    private static string RouteFilter(Draw draw) => draw.One(
        """{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /full}}}""",
        """{type: URLRewrite, urlRewrite: {hostname: b.app, path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}""",
        """{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}""",
        """{type: RequestRedirect, requestRedirect: {statusCode: 301, path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}""",
        """{type: RequestRedirect, requestRedirect: {scheme: https, hostname: x.example, port: 8443}}""");

    private static string Rule(Draw draw, string name, string parent, bool isEdge)
    {
        var matches = draw.Perhaps(90, () => $"match: [{draw.Many(1, 2, _ => Match(draw, isEdge))}], ");
        if (parent.Length > 0 && draw.Hits(50))
        {
            return $$$"""{name: {{{name}}}, match: [{uri: {prefix: {{{draw.One("/", "/api", "/a")}}}}}], delegate: {name: {{{parent}}}-child, namespace: other}}""";
        }

        return $"{{name: {name}, {matches}{Action(draw)}}}";
    }

    private static string Match(Draw draw, bool isEdge) => "{" + string.Join(", ", new[]
    {
        draw.Perhaps(70, () => $"uri: {Uri(draw)}"),
        draw.Perhaps(12, () => "ignoreUriCase: true"),
        draw.Perhaps(15, () => $"method: {draw.One("{exact: GET}", "{exact: POST}", "{prefix: P}", "{regex: \"GET|BREW\"}", "{exact: get}")}"),
        draw.Perhaps(12, () => $"authority: {draw.One("{exact: b}", "{prefix: b}", "{exact: b.app}", "{regex: \".*:80\"}", "{exact: b.example}")}"),
        draw.Perhaps(25, () => isEdge && draw.Hits(40)
            ? $"headers: {{\"@request.auth.claims{draw.One(".role", "[role]", ".groups", "[team][name]")}\": {draw.One("{exact: admin}", "{prefix: u}", "{exact: g1}", "{regex: \".+\"}", "{exact: a}")}}}"
            : $"headers: {{{draw.One("x-user", "X-Team", "x-color", "x-sub")}: {Value(draw)}}}"),
        draw.Perhaps(12, () => $"withoutHeaders: {{{draw.One("x-user", "x-team")}: {Value(draw)}}}"),
        draw.Perhaps(20, () => $"queryParams: {{{draw.One("a", "b")}: {draw.One("{exact: \"1\"}", "{exact: \"\"}", "{regex: \"[0-9]+\"}", "{prefix: \"1\"}", "{}")}}}"),
        draw.Perhaps(8, () => $"sourceLabels: {{app: {draw.One("a", "o")}}}"),
        draw.Perhaps(8, () => $"sourceNamespace: {draw.One("app", "other")}"),
        draw.Perhaps(8, () => $"gateways: [{draw.One("mesh", "istio-system/gw", "mesh, istio-system/gw", "istio-system/tls")}]"),
        draw.Perhaps(8, () => "port: 80"),
        draw.Perhaps(5, () => $"scheme: {{exact: {draw.One("http", "https")}}}"),
    }.Where(text => text.Length > 0)) + "}";

    private static string Uri(Draw draw) => draw.One(
        "{prefix: /}", "{prefix: /api}", "{prefix: /api/}", "{prefix: /old}", "{prefix: /a}", "{exact: /api}", "{exact: /api/v1}", "{exact: /x.y}",
        "{exact: \"/a%2Fb\"}", "{exact: \"/a//b\"}", "{prefix: //}", "{exact: \"/a;x=1\"}", "{regex: \"/api.*\"}", "{regex: \"/[a-z]+/v[0-9]\"}",
        "{regex: \"(?i)/api.*\"}", "{regex: \".*/v1\"}", "{regex: \"/a.b\"}", "{prefix: /API}", "{exact: \"/a%20b\"}", "{prefix: \"/a%2f\"}");

    private static string Value(Draw draw) => draw.One(
        "{exact: alice}", "{exact: bob}", "{exact: \"alice,bob\"}", "{exact: \"alice, bob\"}", "{prefix: al}", "{regex: \".*bob\"}", "{regex: \"a.*\"}", "{}", "{regex: \"*\"}",
        "{exact: \"\"}", "{regex: \".*\"}");

    private static string Service(Draw draw) => draw.One("b", "b", "b", "a", "b.app.svc.cluster.local", "o.other.svc.cluster.local", "nobody");

    private static string Action(Draw draw) => draw.Below(10) switch
    {
        0 => $$$"""redirect: {{{draw.One("{uri: /new}", "{uri: /new, authority: x.example, redirectCode: 307}", "{scheme: https}", "{scheme: https, derivePort: FROM_PROTOCOL_DEFAULT}", "{port: 8443}", "{authority: x.example, port: 80}")}}}""",
        1 => $$$"""directResponse: {status: {{{draw.One("200", "418", "503", "204")}}}, body: {string: direct}}""",
        2 => $$$"""fault: {abort: {percentage: {value: 100}, {{{draw.One("httpStatus: 507", "grpcStatus: UNAVAILABLE", "httpStatus: 404")}}}}}, {{{Route(draw)}}}""",
        3 or 4 => $"rewrite: {draw.One("{uri: /new}", "{uri: /}", "{authority: b.app}", "{uri: /new/, authority: x.example}", "{uriRegexRewrite: {match: \"/([a-z]+)/\", rewrite: \"/\\\\1-\"}}", "{uriRegexRewrite: {match: \"^/a\", rewrite: \"/z\"}}")}, {Route(draw)}",
        5 => $"timeout: 20s, retries: {{attempts: 1}}, corsPolicy: {{allowOrigins: [{{exact: \"http://shop.example\"}}]}}, {Route(draw)}",
        _ => Route(draw),
    };

    private static string Route(Draw draw)
    {
        var headers = draw.Perhaps(30, () => $"headers: {{request: {Operations(draw)}}}, ");
        var own = draw.Perhaps(25, () => $", headers: {{request: {Operations(draw)}}}");
        var to = draw.Below(5) switch
        {
            0 => $"{{destination: {{host: b, subset: {draw.One("v1", "v9")}}}, weight: 0{own}}}",
            1 => $"{{destination: {{host: b, subset: v1}}, weight: 100}}, {{destination: {{host: b, subset: v2}}, weight: 0{own}}}",
            2 => $"{{destination: {{host: b.app.svc.cluster.local, subset: v1}}, weight: 0}}, {{destination: {{host: b.app.svc.cluster.local, subset: v2}}, weight: 7{own}}}",
            3 => $"{{destination: {{host: a}}, weight: 50}}, {{destination: {{host: o.other.svc.cluster.local, port: {{number: 80}}}}, weight: 50{own}}}",
            _ => $"{{destination: {{host: {Service(draw)}}}{own}}}",
        };
        return $"{headers}route: [{to}]";
    }

    private static string Operations(Draw draw) => draw.One(
        "{set: {x-user: bob}}", "{add: {x-user: bob}}", "{remove: [x-user]}", "{remove: [x-user], add: {x-user: alice}}", "{set: {x-team: \"%REQ(x-user)%\"}}",
        "{set: {X-Color: \"%REQ(:authority)%\"}}", "{set: {x-color: \"%REQ(:path)%\"}}", "{set: {host: b.app}}", "{add: {x-team: \"alice,bob\"}}", "{set: {x-color: \"%REQ(x-none?x-user)%-x\"}}",
        "{set: {x-team: alice}, add: {x-team: bob}}", "{add: {host: x.example}}");
}
