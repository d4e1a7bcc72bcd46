using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Silo.Manifests;

namespace MeshOrleans.Silo.Tests.Manifests;

public sealed class RequestRouteRulesTests
{
    private const string Kind = "HTTPRoute";
    private const string Parent = "parentRefs: [{ group: \"\", kind: Service, name: b }]";

    [Theory]
    [InlineData("HTTPRoute")]
    [InlineData("GRPCRoute")]
    public void Persistence_of_sessions_is_refused_with_what_does_the_same(string kind) => RuleTable.Refuses(
        kind,
        "{ rules: [{ sessionPersistence: { sessionName: s }, backendRefs: [{ name: b, port: 80 }] }] }",
        "rules[0].sessionPersistence",
        "use consistentHash of a DestinationRule");

    [Theory]
    [InlineData("rules: [{ backendRefs: [{ name: b, port: 80 }] }]")]
    [InlineData("hostnames: [ \"*.example.com\", a.example.com ], rules: [{ matches: [{ path: { type: Exact, value: /a }, method: GET, "
        + "headers: [{ name: x, type: RegularExpression, value: \"a+\" }], queryParams: [{ name: q, value: v }] }], "
        + "backendRefs: [{ name: b, port: 80, weight: 3 }], timeouts: { request: 10s, backendRequest: 0s } }]")]
    [InlineData("rules: [{ matches: [{ path: { value: /a } }], filters: [{ type: RequestRedirect, requestRedirect: { path: "
        + "{ type: ReplacePrefixMatch, replacePrefixMatch: /b }, statusCode: 308 } }] }]")]
    [InlineData("rules: [{ filters: [{ type: CORS, cors: { allowOrigins: [\"https://*.example.com\"], allowMethods: [GET], maxAge: 60 } }] }]")]
    public void A_route_is_accepted(string spec) => RuleTable.Accepts(Kind, $"{{ {Parent}, {spec} }}");

    [Theory]
    [InlineData("rule: []", "rule", "unknown field \"rule\"; did you mean \"rules\"?")]
    [InlineData("rules: [{ match: [] }]", "rules[0].match", "did you mean \"matches\"?")]
    [InlineData("hostnames: [\"*\"]", "hostnames[0]", "leave the field out")]
    [InlineData("hostnames: [10.0.0.1]", "hostnames[0]", "is an address")]
    [InlineData("rules: [{ matches: [{ path: { type: Prefix, value: /a } }] }]", "rules[0].matches[0].path.type", "is none of PathPrefix, Exact")]
    [InlineData("rules: [{ matches: [{ path: { value: a } }] }]", "rules[0].matches[0].path.value", "does not start with /")]
    [InlineData("rules: [{ matches: [{ path: { value: /a//b } }] }]", "rules[0].matches[0].path.value", "which no normalised path has")]
    [InlineData("rules: [{ matches: [{ path: { type: RegularExpression, value: \"(\" } }] }]", "rules[0].matches[0].path.value", "RE2")]
    [InlineData("rules: [{ matches: [{ method: get }] }]", "rules[0].matches[0].method", "is none of GET")]
    [InlineData("rules: [{ matches: [{ headers: [{ name: \"a b\", value: c }] }] }]", "rules[0].matches[0].headers[0].name", "not a valid header name")]
    [InlineData("rules: [{ matches: [{ headers: [{ name: a }] }] }]", "rules[0].matches[0].headers[0].value", "a value is needed")]
    [InlineData("rules: [{ backendRefs: [{ name: b }] }]", "rules[0].backendRefs[0]", "needs a port")]
    [InlineData("rules: [{ backendRefs: [{ name: b, port: 80, weight: -1 }] }]", "rules[0].backendRefs[0].weight", "from 0 to 1000000")]
    [InlineData("rules: [{ filters: [{ type: RequestRedirect }] }]", "rules[0].filters[0]", "needs requestRedirect")]
    [InlineData("rules: [{ filters: [{ type: RequestMirror, urlRewrite: { hostname: a } }] }]", "rules[0].filters[0].urlRewrite", "belongs to the type URLRewrite")]
    [InlineData("rules: [{ filters: [{ type: Rewrite }] }]", "rules[0].filters[0].type", "is no filter")]
    [InlineData("rules: [{ filters: [{ type: URLRewrite, urlRewrite: { hostname: a } }, { type: URLRewrite, urlRewrite: { hostname: b } }] }]", "rules[0].filters[1]", "more than one filter of this type")]
    [InlineData("rules: [{ filters: [{ type: RequestRedirect, requestRedirect: { scheme: https } }], backendRefs: [{ name: b, port: 80 }] }]", "rules[0].backendRefs", "leave backendRefs out")]
    [InlineData("rules: [{ filters: [{ type: RequestRedirect, requestRedirect: { statusCode: 304 } }] }]", "rules[0].filters[0].requestRedirect.statusCode", "304 is none of 301")]
    [InlineData("rules: [{ matches: [{ path: { type: Exact, value: /a } }], filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /b } } }] }]", "rules[0].filters[0].urlRewrite.path.replacePrefixMatch", "asks for matches of type PathPrefix")]
    [InlineData("rules: [{ filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplaceFullPath, replacePrefixMatch: /b } } }] }]", "rules[0].filters[0].urlRewrite.path", "has replaceFullPath and nothing else")]
    [InlineData("rules: [{ filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { remove: [host] } }] }]", "rules[0].filters[0].requestHeaderModifier.remove[0]", "URLRewrite.hostname")]
    [InlineData("rules: [{ filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: c, port: 80 }, fraction: { numerator: 3, denominator: 2 } } }] }]", "rules[0].filters[0].requestMirror.fraction", "from 0 to 1")]
    [InlineData("rules: [{ timeouts: { request: 1s, backendRequest: 2s } }]", "rules[0].timeouts.backendRequest", "not be longer than request")]
    [InlineData("rules: [{ retry: { codes: [200] } }]", "rules[0].retry.codes", "not from 400 to 599")]
    [InlineData("rules: []", "rules", "needs at least one rule")]
    [InlineData("hostnames: [a.example.]", "hostnames[0]", "ends in a dot")]
    [InlineData("rules: [{ matches: [{ path: { value: \"/a?b\" } }] }]", "rules[0].matches[0].path.value", "characters that no path has")]
    [InlineData("rules: [{ matches: [{ path: { value: /a } }], filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplaceFullPath, replaceFullPath: \"/a\\0\" } } }] }]", "rules[0].filters[0].urlRewrite.path.replaceFullPath", "more than a path")]
    [InlineData("rules: [{ filters: [{ type: CORS, cors: { allowOrigins: [\"*\"], allowMethods: [\"GET\\n\"] } }] }]", "rules[0].filters[0].cors.allowMethods[0]", "not a supported HTTP method")]
    [InlineData("rules: [{ filters: [{ type: CORS, cors: { allowOrigins: [\"*\"], exposeHeaders: [\"a\\n\"] } }] }]", "rules[0].filters[0].cors.exposeHeaders[0]", "not a valid header name")]
    public void A_route_that_says_nothing_sensible_is_refused(string spec, string path, string message) =>
        RuleTable.Refuses(Kind, $"{{ {Parent}, {spec} }}", path, message);

    [Theory]
    [InlineData("rules: [{ filters: [{ type: ExtensionRef, extensionRef: { group: a, kind: B, name: c } }] }]", "rules[0].filters[0]", "ExtensionRef")]
    [InlineData("rules: [{ backendRefs: [{ name: b, port: 80, filters: [{ type: URLRewrite, urlRewrite: { hostname: a } }] }] }]", "rules[0].backendRefs[0].filters[0]", "does not change headers")]
    public void What_cannot_be_carried_out_is_refused(string spec, string path, string message) =>
        RuleTable.Limits(Kind, $"{{ {Parent}, {spec} }}", path, message);

    [Theory]
    [InlineData("{ rules: [{ backendRefs: [{ name: b, port: 80 }] }] }", "parentRefs", "attaches to nothing")]
    [InlineData("{ parentRefs: [{ kind: Mesh, group: example, name: x }] }", "parentRefs[0]", "neither a Gateway nor a Service")]
    public void A_route_that_attaches_to_nothing_is_told(string spec, string path, string message) =>
        RuleTable.Notes(Kind, spec, path, message);

    [Fact]
    public void A_route_is_no_longer_than_the_API_allows()
    {
        var parents = string.Join(", ", Enumerable.Range(0, 33).Select(i => $"{{ group: '', kind: Service, name: b{i} }}"));
        var hosts = string.Join(", ", Enumerable.Range(0, 17).Select(i => $"h{i}.example"));
        var matches = string.Join(", ", Enumerable.Range(0, 64).Select(i => $"{{ path: {{ value: /{i} }} }}"));
        var rules = string.Join(", ", Enumerable.Repeat($"{{ matches: [{matches}] }}", 3));

        RuleTable.Refuses(Kind, $"{{ parentRefs: [{parents}] }}", "parentRefs", "33 parentRefs; 32 are allowed");
        RuleTable.Refuses(Kind, "{ parentRefs: [{ name: g }, { name: g }] }", "parentRefs", "named twice");
        RuleTable.Refuses(Kind, $"{{ {Parent}, hostnames: [{hosts}] }}", "hostnames", "17 hostnames; 16 are allowed");
        RuleTable.Refuses(Kind, $"{{ {Parent}, rules: [{rules}] }}", "rules", "192 matches; 128 are allowed");
        RuleTable.Refuses(
            Kind, $"{{ {Parent}, rules: [{{ matches: [{{ path: {{ value: /{new string('a', 1024)} }} }}] }}] }}",
            "rules[0].matches[0].path.value", "more than 1024 characters");
        RuleTable.Refuses(
            "GRPCRoute",
            $"{{ {Parent}, rules: [{{ matches: [{{ method: {{ type: RegularExpression, service: '{new string('a', 600)}', method: '{new string('b', 600)}' }} }}] }}] }}",
            "rules[0].matches[0].method", "too large");
    }

    [Theory]
    [InlineData("rules: [{ matches: [{ method: {} }] }]", "rules[0].matches[0].method", "a service, a method or both")]
    [InlineData("rules: [{ matches: [{ method: { service: a/b } }] }]", "rules[0].matches[0].method.service", "is no gRPC service")]
    [InlineData("rules: [{ matches: [{ method: { method: a.b } }] }]", "rules[0].matches[0].method.method", "is no gRPC method")]
    [InlineData("rules: [{ matches: [{ method: { type: RegularExpression, service: \"(\" } }] }]", "rules[0].matches[0].method.service", "RE2")]
    [InlineData("rules: [{ matches: [{ path: { value: / } }] }]", "rules[0].matches[0].path", "unknown field")]
    [InlineData("rules: [{ filters: [{ type: URLRewrite, urlRewrite: { hostname: a } }] }]", "rules[0].filters[0].type", "no filter of this type")]
    public void A_GRPCRoute_that_says_nothing_sensible_is_refused(string spec, string path, string message) =>
        RuleTable.Refuses("GRPCRoute", $"{{ {Parent}, {spec} }}", path, message);

    [Fact]
    public void Without_rules_and_words_the_defaults_of_the_API_hold()
    {
        var manifest = ManifestReader.Read("r.yaml", """
            apiVersion: gateway.networking.k8s.io/v1beta1
            kind: HTTPRoute
            metadata: { name: r }
            spec: { parentRefs: [ { name: gw } ] }
            status: { parents: [] }
            """).Validated();

        Assert.Empty(manifest.Violations);
        var route = Assert.IsType<RequestRoute>(Assert.Single(manifest.Resources).Resource.Spec);
        Assert.True(Assert.Single(route.ParentRefs).IsGateway);
        Assert.Empty(Assert.Single(route.Rules).Matches);
    }
}
