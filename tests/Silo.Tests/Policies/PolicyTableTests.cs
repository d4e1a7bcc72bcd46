using MeshOrleans.Model.Evaluation;
using MeshOrleans.Silo.Explanations;
using MeshOrleans.Silo.Tests.Explanations;

namespace MeshOrleans.Silo.Tests.Policies;

/// <summary>
/// Every field of a rule of AuthorizationPolicy, from the manifest through the translation and the sidecar's readers to the
/// verdict. A row is a rule, a request and whether the rule matches it.
/// </summary>
public sealed class PolicyTableTests
{
    [Theory]
    [InlineData("principals: [cluster.local/ns/app/sa/a]", "", true)]
    [InlineData("principals: [cluster.local/ns/app/sa/b]", "", false)]
    [InlineData("principals: [cluster.local/ns/app/sa/b, cluster.local/ns/app/sa/a]", "", true)]
    [InlineData("principals: ['cluster.local/ns/app/*']", "", true)]
    [InlineData("principals: ['cluster.local/ns/ap*']", "", true)]
    [InlineData("principals: ['*/sa/a']", "", true)]
    [InlineData("principals: ['*/sa/a']", "peer:other.example/ns/x/sa/a", true)]
    [InlineData("principals: ['*']", "", true)]
    [InlineData("principals: ['*']", "peer:", false)]
    [InlineData("principals: [cluster.local/ns/app/sa/a]", "peer:other.example/ns/app/sa/a", false)]
    [InlineData("notPrincipals: [cluster.local/ns/app/sa/a]", "", false)]
    [InlineData("notPrincipals: [cluster.local/ns/app/sa/b]", "", true)]
    [InlineData("notPrincipals: ['*']", "peer:", true)]
    [InlineData("notPrincipals: ['*']", "", false)]
    [InlineData("namespaces: [app]", "", true)]
    [InlineData("namespaces: [ap]", "", false)]
    [InlineData("namespaces: ['a*']", "", true)]
    [InlineData("namespaces: ['*p']", "", true)]
    [InlineData("namespaces: ['a*']", "peer:", false)]
    [InlineData("namespaces: ['a.p']", "", false)] // a dot is a dot
    [InlineData("notNamespaces: [app]", "", false)]
    [InlineData("notNamespaces: [app]", "peer:", true)]
    [InlineData("serviceAccounts: [a]", "", true)]
    [InlineData("serviceAccounts: [a]", "peer:cluster.local/ns/other/sa/a", false)]
    [InlineData("serviceAccounts: [other/a]", "peer:cluster.local/ns/other/sa/a", true)]
    [InlineData("notServiceAccounts: [a]", "", false)]
    [InlineData("notServiceAccounts: [a]", "peer:", true)]
    [InlineData("trustDomains: [cluster.local]", "", true)]
    [InlineData("trustDomains: [cluster.local]", "peer:other.example/ns/app/sa/a", false)]
    [InlineData("notTrustDomains: [cluster.local]", "peer:other.example/ns/app/sa/a", true)]
    [InlineData("notTrustDomains: [cluster.local]", "", false)]
    [InlineData("ipBlocks: [10.0.0.1]", "", true)]
    [InlineData("ipBlocks: [10.0.0.0/24]", "", true)]
    [InlineData("ipBlocks: [10.0.1.0/24]", "", false)]
    [InlineData("ipBlocks: ['fd00::/8']", "ip:fd00::7", true)]
    [InlineData("ipBlocks: [10.0.0.1]", "ip:::ffff:10.0.0.1", true)]
    [InlineData("notIpBlocks: [10.0.0.0/24]", "", false)]
    [InlineData("notIpBlocks: [10.0.0.0/24]", "ip:10.0.1.1", true)]
    [InlineData("remoteIpBlocks: [10.0.0.1]", "", true)] // nobody has passed it on: the direct peer
    [InlineData("remoteIpBlocks: [192.0.2.0/24]", "x-forwarded-for:192.0.2.7", true)]
    [InlineData("remoteIpBlocks: [192.0.2.0/24]", "x-forwarded-for:192.0.2.7,198.51.100.1", false)] // the last one counts
    [InlineData("remoteIpBlocks: [192.0.2.0/24]", "x-forwarded-for:198.51.100.1,192.0.2.7", true)]
    [InlineData("remoteIpBlocks: [192.0.2.0/24]", "x-forwarded-for:192.0.2.7 x-forwarded-for:198.51.100.1", false)]
    [InlineData("remoteIpBlocks: ['2001:db8::/32']", "x-forwarded-for:2001:db8::9", true)]
    [InlineData("remoteIpBlocks: [192.0.2.0/24]", "x-forwarded-for:192.0.2.7:4711", true)]
    [InlineData("remoteIpBlocks: [192.0.2.0/24]", "x-forwarded-for:192.0.2.7,unknown", false)]
    [InlineData("remoteIpBlocks: [10.0.0.1]", "x-forwarded-for:192.0.2.7,unknown", true)] // what is no address is nobody's
    [InlineData("remoteIpBlocks: [192.0.2.0/24]", "x-forwarded-for:::ffff:192.0.2.7", true)]
    [InlineData("notRemoteIpBlocks: [192.0.2.0/24]", "x-forwarded-for:192.0.2.7", false)]
    [InlineData("notRemoteIpBlocks: [192.0.2.0/24]", "x-forwarded-for:198.51.100.1", true)]
    [InlineData("ipBlocks: [10.0.0.1], remoteIpBlocks: [192.0.2.7]", "x-forwarded-for:192.0.2.7", true)]
    [InlineData("requestPrincipals: [i/s]", """claims:{"iss":"i","sub":"s"}""", true)]
    [InlineData("requestPrincipals: [i/s]", """claims:{"iss":"i","sub":"t"}""", false)]
    [InlineData("requestPrincipals: [i/s]", "", false)]
    [InlineData("requestPrincipals: ['i/*']", """claims:{"iss":"i","sub":"t"}""", true)]
    [InlineData("requestPrincipals: ['*/t']", """claims:{"iss":"i","sub":"t"}""", true)]
    [InlineData("requestPrincipals: ['*']", """claims:{"iss":"i","sub":"t"}""", true)]
    [InlineData("requestPrincipals: ['*']", "", false)]
    [InlineData("notRequestPrincipals: ['*']", "", true)]
    [InlineData("notRequestPrincipals: ['*']", """claims:{"iss":"i","sub":"t"}""", false)]
    [InlineData("namespaces: [app], notPrincipals: [cluster.local/ns/app/sa/a]", "", false)] // all fields must hold
    [InlineData("namespaces: [app], ipBlocks: [10.0.0.1]", "", true)]
    public void Sources(string source, string call, bool matches) => Check($"from: [{{source: {{{source}}}}}]", call, matches);

    [Theory]
    [InlineData("hosts: [a.com]", "host:a.com", true)]
    [InlineData("hosts: [A.com]", "host:a.COM", true)]
    [InlineData("hosts: [a.com]", "host:a.com:8080", false)]
    [InlineData("hosts: ['a.com:*']", "host:a.com:8080", true)]
    [InlineData("hosts: ['*.com']", "host:a.com", true)]
    [InlineData("hosts: ['*']", "", true)]
    [InlineData("notHosts: [a.com]", "host:a.com", false)]
    [InlineData("notHosts: [a.com]", "host:b.com", true)]
    [InlineData("ports: ['8080']", "", true)]
    [InlineData("ports: ['80']", "", false)]
    [InlineData("notPorts: ['8080']", "", false)]
    [InlineData("notPorts: ['80']", "", true)]
    [InlineData("methods: [GET]", "", true)]
    [InlineData("methods: [POST, GET]", "", true)]
    [InlineData("methods: ['G*']", "", true)]
    [InlineData("methods: ['*T']", "", true)]
    [InlineData("methods: ['*']", "", true)]
    [InlineData("methods: [get]", "", false)]
    [InlineData("notMethods: [GET]", "", false)]
    [InlineData("notMethods: [POST]", "", true)]
    [InlineData("paths: [/a]", "path:/a", true)]
    [InlineData("paths: [/a]", "path:/a/b", false)]
    [InlineData("paths: [/A]", "path:/a", false)]
    [InlineData("paths: ['/a*']", "path:/ab", true)]
    [InlineData("paths: ['*.html']", "path:/a/b.html", true)]
    [InlineData("paths: ['*']", "path:/", true)]
    [InlineData("paths: ['/a/{*}/c']", "path:/a/b/c", true)]
    [InlineData("paths: ['/a/{*}/c']", "path:/a/b/b/c", false)]
    [InlineData("paths: ['/a/{*}/c']", "path:/a//c", false)]
    [InlineData("paths: ['/a/{**}']", "path:/a/b/c", true)]
    [InlineData("paths: ['/a/{**}']", "path:/b/a", false)]
    [InlineData("paths: ['/{*}/x/{**}']", "path:/a/x/y/z", true)]
    [InlineData("paths: ['/{**}/end']", "path:/a/b/end", true)]
    [InlineData("paths: ['/{**}/end']", "path:/a/b/ending", false)]
    [InlineData("paths: ['/{**}/end']", "path:/end", false)]
    [InlineData("notPaths: [/a]", "path:/a", false)]
    [InlineData("notPaths: [/a]", "path:/b", true)]
    [InlineData("notPaths: ['/a/{*}']", "path:/a/b", false)]
    [InlineData("methods: [GET], paths: [/a]", "path:/b", false)]
    [InlineData("methods: [POST], paths: ['/pkg.Svc/Method']", "method:POST path:/pkg.Svc/Method", true)]
    public void Operations(string operation, string call, bool matches) =>
        Check($"to: [{{operation: {{{operation}}}}}]", call, matches);

    [Theory]
    [InlineData("request.headers[X-A]", "values: [v]", "x-a:v", true)]
    [InlineData("request.headers[x-a]", "values: [v]", "x-a:w", false)]
    [InlineData("request.headers[x-a]", "values: ['v*']", "x-a:vw", true)]
    [InlineData("request.headers[x-a]", "values: ['*w']", "x-a:vw", true)]
    [InlineData("request.headers[x-a]", "values: ['*']", "x-a:", true)] // there, though empty
    [InlineData("request.headers[x-a]", "values: ['*']", "", false)]
    [InlineData("request.headers[x-a]", "notValues: [v]", "", true)]
    [InlineData("request.headers[x-a]", "notValues: [v]", "x-a:v", false)]
    [InlineData("request.headers[x-a]", "values: ['v*'], notValues: [vw]", "x-a:vw", false)]
    [InlineData("source.ip", "values: [10.0.0.0/8]", "", true)]
    [InlineData("source.ip", "notValues: [10.0.0.0/8]", "", false)]
    [InlineData("remote.ip", "values: [192.0.2.0/24]", "x-forwarded-for:192.0.2.7", true)]
    [InlineData("remote.ip", "values: [10.0.0.0/8]", "x-forwarded-for:192.0.2.7", false)]
    [InlineData("remote.ip", "notValues: [192.0.2.0/24]", "x-forwarded-for:192.0.2.7", false)]
    [InlineData("source.namespace", "values: [app]", "", true)]
    [InlineData("source.namespace", "notValues: [app]", "peer:", true)]
    [InlineData("source.serviceAccount", "values: [app/a]", "", true)]
    [InlineData("source.trustDomain", "values: [cluster.local]", "", true)]
    [InlineData("source.principal", "values: [cluster.local/ns/app/sa/a]", "", true)]
    [InlineData("source.principal", "notValues: ['*']", "peer:", true)]
    [InlineData("destination.ip", "values: [10.0.0.2]", "", true)]
    [InlineData("destination.ip", "values: [10.0.0.3]", "", false)]
    [InlineData("destination.port", "values: ['8080']", "", true)]
    [InlineData("destination.port", "notValues: ['8080']", "", false)]
    [InlineData("connection.sni", "values: ['*.example']", "sni:a.example", true)]
    [InlineData("connection.sni", "values: ['*.example']", "", false)]
    [InlineData("request.auth.principal", "values: [i/s]", """claims:{"iss":"i","sub":"s"}""", true)]
    [InlineData("request.auth.audiences", "values: [x]", """claims:{"aud":["w","x"]}""", true)]
    [InlineData("request.auth.audiences", "values: [x]", """claims:{"aud":"w"}""", false)]
    [InlineData("request.auth.presenter", "values: [p]", """claims:{"azp":"p"}""", true)]
    [InlineData("request.auth.claims[g]", "values: [x]", """claims:{"g":["w","x"]}""", true)]
    [InlineData("request.auth.claims[g][h]", "values: ['x*']", """claims:{"g":{"h":"xy"}}""", true)]
    [InlineData("request.auth.claims[g]", "values: ['*']", """claims:{"g":""}""", false)] // of claims it means not empty
    [InlineData("request.auth.claims[g]", "notValues: [x]", "", true)]
    [InlineData("request.auth.claims[scope]", "values: [read]", """claims:{"scope":"write"}""", false)]
    public void Conditions(string key, string values, string call, bool matches) =>
        Check($"when: [{{key: \"{key}\", {values}}}]", call, matches);

    [Theory]
    [InlineData("from: [{source: {namespaces: [x]}}, {source: {namespaces: [app]}}]", "", true)] // any source
    [InlineData("to: [{operation: {methods: [POST]}}, {operation: {paths: [/a]}}]", "path:/a", true)] // any operation
    [InlineData("from: [{source: {namespaces: [app]}}], to: [{operation: {methods: [POST]}}]", "", false)] // and both
    [InlineData("when: [{key: source.ip, values: [10.0.0.1]}, {key: destination.port, values: ['1']}]", "", false)] // all
    [InlineData("", "peer:", true)]
    public void Parts_of_a_rule(string rule, string call, bool matches) => Check(rule, call, matches);

    [Theory]
    [InlineData("ALLOW", "from: [{source: {principals: [cluster.local/ns/app/sa/a]}}]", true)]
    [InlineData("ALLOW", "from: [{source: {principals: [cluster.local/ns/app/sa/a]}}], to: [{operation: {methods: [GET]}}]", false)]
    [InlineData("ALLOW", "from: [{source: {requestPrincipals: ['*']}}]", false)]
    [InlineData("ALLOW", "from: [{source: {notRequestPrincipals: ['*']}}]", false)]
    [InlineData("ALLOW", "to: [{operation: {notPaths: [/a]}}]", false)]
    [InlineData("ALLOW", "when: [{key: \"request.headers[x]\", notValues: [y]}]", false)]
    [InlineData("ALLOW", "when: [{key: connection.sni, values: ['*']}]", false)]
    [InlineData("ALLOW", "to: [{operation: {ports: ['9000']}}]", true)]
    [InlineData("DENY", "from: [{source: {principals: [cluster.local/ns/app/sa/b]}}], to: [{operation: {methods: [GET]}}]", true)]
    [InlineData("DENY", "from: [{source: {principals: [cluster.local/ns/app/sa/a]}}], to: [{operation: {methods: [PUT]}}]", false)]
    [InlineData("DENY", "to: [{operation: {paths: [/nowhere]}}]", false)]
    [InlineData("DENY", "when: [{key: \"request.headers[x]\", values: [y]}]", false)]
    [InlineData("DENY", "to: [{operation: {ports: ['9001']}}]", true)]
    [InlineData("AUDIT", "to: [{operation: {paths: [/a]}}]", true)]
    public void On_a_port_of_bytes(string action, string rule, bool allowed)
    {
        var authorization = Model(Policy(action, rule), 9000);

        Assert.Equal(allowed, authorization.DecideConnection(new PolicyCall("port:9000")).Allowed);
    }

    [Theory]
    [InlineData("AUDIT", "[{}]", "", true)]
    [InlineData("ALLOW", "[]", "", false)]
    [InlineData("DENY", "[]", "", true)]
    [InlineData("ALLOW", "[{}]", "peer:", true)]
    [InlineData("DENY", "[{}]", "", false)]
    [InlineData("CUSTOM", "[{}]", "", false)] // nobody can be asked
    [InlineData("CUSTOM", "[{to: [{operation: {paths: [/a]}}]}]", "path:/b", true)]
    public void Actions(string action, string rules, string call, bool allowed)
    {
        var provider = action == "CUSTOM" ? ", provider: {name: nobody}" : "";

        Assert.Equal(allowed, Decide(Policy("p", "app", $"action: {action}, rules: {rules}{provider}"), call).Allowed);
    }

    [Theory]
    [InlineData("path:/ask/x", "ns[app]-policy[p]-rule[0]", true)]
    [InlineData("path:/other", null, true)]
    [InlineData("path:/ask/x x-deny:1", "ns[app]-policy[p]-rule[0]", false)] // asked all the same: CUSTOM comes first
    public void Somebody_outside_is_asked_about_what_a_CUSTOM_rule_matches(string call, string? rule, bool allowed)
    {
        const string mesh =
            "\n---\n{apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {extensionProviders: [{name: web, envoyExtAuthzHttp: {service: a.app.svc.cluster.local, port: 80}}]}}";
        var model = Model(
            mesh + Policy("p", "app", "action: CUSTOM, provider: {name: web}, rules: [{to: [{operation: {paths: ['/ask*']}}]}]")
            + Policy("d", "app", "action: DENY, rules: [{when: [{key: 'request.headers[x-deny]', values: ['1']}]}]"),
            8080);

        Assert.Equal("web", model.Custom!.Provider);
        Assert.Equal(rule, model.FindCustom(new PolicyCall(call)));
        Assert.Equal(allowed, model.Decide(new PolicyCall(call)).Allowed);
        Assert.False(model.DecideConnection(new PolicyCall("")).Allowed); // bytes on a port of HTTP: there is nothing to show
    }

    [Fact]
    public void Denying_goes_before_allowing_and_all_scopes_are_united()
    {
        var yaml = Policy("allow", "app", "rules: [{}]")
            + Policy("root", "istio-system", "action: DENY, rules: [{to: [{operation: {paths: [/root]}}]}]")
            + Policy("own", "app", "selector: {matchLabels: {app: b}}, action: DENY, rules: [{to: [{operation: {paths: [/own]}}]}]")
            + Policy("foreign", "app", "selector: {matchLabels: {app: c}}, action: DENY, rules: [{to: [{operation: {paths: [/foreign]}}]}]")
            + Policy("far", "other", "action: DENY, rules: [{to: [{operation: {paths: [/far]}}]}]");

        Assert.Equal(
            [false, false, true, true],
            new[] { "/root", "/own", "/foreign", "/far" }.Select(path => Decide(yaml, $"path:{path}").Allowed));
    }

    [Fact]
    public void What_is_tried_out_decides_nothing_and_tells()
    {
        const string trial = ", annotations: {istio.io/dry-run: \"true\"}";
        var allow = Decide(Policy("p", "app", "rules: []", trial), "");
        var deny = Decide(Policy("p", "app", "action: DENY, rules: [{}]", trial), "");

        Assert.Equal((true, (bool?)false), (allow.Allowed, allow.ShadowAllowed));
        Assert.Equal((true, (bool?)false, "ns[app]-policy[p]-rule[0]"), (deny.Allowed, deny.ShadowAllowed, deny.ShadowPolicy));
    }

    // A rule that matches lets in where it allows, and keeps out where it denies.
    private static void Check(string rule, string call, bool matches)
    {
        Assert.Equal(matches, Decide(Policy("ALLOW", rule), call).Allowed);
        Assert.Equal(!matches, Decide(Policy("DENY", rule), call).Allowed);
    }

    private static string Policy(string action, string rule) => Policy("p", "app", $"action: {action}, rules: [{{{rule}}}]");

    private static string Policy(string name, string ns, string spec, string metadata = "") =>
        $"\n---\n{{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {{name: {name}, namespace: {ns}{metadata}}}, spec: {{{spec}}}}}";

    private static AuthorizationVerdict Decide(string yaml, string call) => Model(yaml, 8080).Decide(new PolicyCall(call));

    private static AuthorizationModel Model(string yaml, int port)
    {
        const string bytes =
            "{apiVersion: v1, kind: Service, metadata: {name: raw, namespace: app}, spec: {selector: {app: b}, ports: [{name: tcp, port: 9000}]}}";
        var snapshot = ExplainedMesh.With(bytes + yaml).Snapshot;
        var model = new ScopeModels(snapshot).InboundOf(ScopeModels.ScopeOf(snapshot.Workloads["app/b-1"]));
        Assert.Equal("", model.Refusal);
        return model.Model.Inbound[port].Authorization;
    }
}
