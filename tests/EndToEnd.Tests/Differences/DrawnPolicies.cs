namespace MeshOrleans.EndToEnd.Tests.Differences;

/// <summary>AuthorizationPolicies.</summary>
internal static class DrawnPolicies
{
    /// <summary>One of them.</summary>
    public static string Policy(Draw draw, string name)
    {
        var ns = draw.One("app", "app", "app", "other", "istio-system");
        var app = ns switch { "app" => draw.One("a", "b", "b"), "other" => "o", _ => "gateway" };
        var selector = ns == "istio-system" || draw.Hits(80) ? $"selector: {{matchLabels: {{app: {app}}}}}, " : "";
        var trial = draw.Perhaps(10, () => ", annotations: {\"istio.io/dry-run\": \"true\"}");
        return $$$"""{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: {{{name}}}, namespace: {{{ns}}}{{{trial}}}}, spec: {{{{selector}}}action: {{{draw.One("ALLOW", "ALLOW", "DENY", "DENY", "AUDIT")}}}, rules: [{{{draw.Many(1, 3, _ => Rule(draw))}}}]}}""";
    }

    private static string Rule(Draw draw) => "{" + string.Join(", ", new[]
    {
        draw.Perhaps(40, () => $"from: [{draw.Many(1, 2, _ => $"{{source: {{{Source(draw)}}}}}")}]"),
        draw.Perhaps(70, () => $"to: [{draw.Many(1, 2, _ => $"{{operation: {{{Operation(draw)}}}}}")}]"),
        draw.Perhaps(40, () => $"when: [{draw.Many(1, 2, _ => When(draw))}]"),
    }.Where(text => text.Length > 0)) + "}";

    private static string Source(Draw draw) => draw.One(
        "principals: [cluster.local/ns/app/sa/a]", "principals: [\"*/sa/o\"]", "principals: [\"*\"]", "notPrincipals: [cluster.local/ns/app/sa/a]",
        "namespaces: [app]", "namespaces: [\"o*\"]", "notNamespaces: [other]", "principals: [\"cluster.local/ns/app/*\"], notPrincipals: [\"*/sa/b\"]",
        "serviceAccounts: [app/a]", "notServiceAccounts: [app/a]", "namespaces: [istio-system]", "notRequestPrincipals: [\"*\"]", "remoteIpBlocks: [10.1.2.3/32]",
        "notRemoteIpBlocks: [10.0.0.0/8]", "requestPrincipals: [\"*\"]", "requestPrincipals: [\"https://issuer.example/alice\"]",
        "requestPrincipals: [\"https://issuer.example/*\"], notRequestPrincipals: [\"*/bob\"]");

    private static string Operation(Draw draw) => string.Join(", ", new[]
    {
        draw.One(
            "paths: [/api]", "paths: [\"/api*\"]", "paths: [\"*/v1\"]", "paths: [\"/a%2Fb\"]", "paths: [\"/a%2fb\"]", "paths: [\"/a//b\", /x.y]", "paths: [\"*\"]", "paths: [\"/api/{*}\"]",
            "paths: [\"/api/{**}\"]", "notPaths: [/api]", "notPaths: [\"/a*\"]", "paths: [\"/{*}/v1\"]", "paths: [\"/API*\"]", "paths: [/new, \"/new*\"]", "paths: [\"/a;x=1\"]", "paths: [/a/b]"),
        draw.Perhaps(30, () => draw.One("methods: [GET]", "methods: [POST, DELETE]", "notMethods: [GET]", "methods: [\"*\"]", "methods: [\"B*\"]", "methods: [get]")),
        draw.Perhaps(25, () => draw.One("hosts: [b]", "hosts: [\"b*\"]", "hosts: [b.app, \"b.app:80\"]", "notHosts: [b]", "hosts: [\"*.svc.cluster.local\"]", "hosts: [\"B.App\"]", "hosts: [x.example]", "hosts: [\"b.example*\"]")),
        draw.Perhaps(10, () => draw.One("ports: [\"8080\"]", "ports: [\"80\"]", "notPorts: [\"8080\"]")),
    }.Where(text => text.Length > 0));

    private static string When(Draw draw)
    {
        if (draw.Hits(25))
        {
            var claim = draw.One("claims[role]", "claims[groups]", "claims[team][name]", "principal", "audiences", "claims[none]");
            return $$"""{key: "request.auth.{{claim}}", {{draw.One("values", "values", "notValues")}}: ["{{draw.One("admin", "user", "g1", "a*", "*", "shop", "https://issuer.example/*", "*/alice")}}"]}""";
        }

        var name = draw.One("x-user", "X-User", "x-team", "x-color", "x-user", ":authority", ":path", ":method", "x-forwarded-for", "x_user", "te", "proxy-authorization", "x-envoy-original-path", "connection", "x-sub", "x-payload", "authorization", "cookie");
        var values = draw.One("alice", "bob", "a*", "*bob", "*", "alice,bob", "alice, bob", "b.app", "GET", "10.1.2.3*", "*, 127.0.0.1", "/api*", "b");
        return $$"""{key: "request.headers[{{name}}]", {{draw.One("values", "values", "notValues")}}: ["{{values}}"]}""";
    }
}
