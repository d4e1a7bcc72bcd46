using MeshOrleans.Model.Config;
using MeshOrleans.Silo.Manifests;

namespace MeshOrleans.Silo.Tests.Manifests;

public sealed class ConnectionRouteRulesTests
{
    private const string Rules = "rules: [{ backendRefs: [{ name: b, port: 443 }] }]";

    [Theory]
    [InlineData("TLSRoute", "parentRefs: [{ name: edge, sectionName: tls }], hostnames: [ a.example.com, \"*.b.example\" ], " + Rules)]
    [InlineData("TLSRoute", "parentRefs: [{ name: edge }], " + Rules)]
    [InlineData("TCPRoute", "parentRefs: [{ group: \"\", kind: Service, name: b }], rules: [{ name: r, backendRefs: [{ name: b, port: 1, weight: 3 }, { name: c, namespace: d, port: 2 }] }]")]
    public void A_route_is_accepted(string kind, string spec) => RuleTable.Accepts(kind, $"{{ {spec} }}");

    [Theory]
    [InlineData("TCPRoute", "hostnames: [ a.example ], " + Rules, "hostnames", "unknown field")]
    [InlineData("TLSRoute", "hostnames: [ 10.0.0.1 ], " + Rules, "hostnames[0]", "is an address")]
    [InlineData("TLSRoute", "hostnames: [ \"a.*.example\" ], " + Rules, "hostnames[0]", "invalid")]
    [InlineData("TLSRoute", "hostname: [ a ], " + Rules, "hostname", "did you mean \"hostnames\"?")]
    [InlineData("TCPRoute", "rules: []", "rules", "needs a rule")]
    [InlineData("TCPRoute", "rules: [{ name: r }]", "rules[0].backendRefs", "at least one backend")]
    [InlineData("TCPRoute", "rules: [{ backendRefs: [{ name: b }] }]", "rules[0].backendRefs[0]", "needs a port")]
    [InlineData("TCPRoute", "rules: [{ backendRefs: [{ port: 1 }] }]", "rules[0].backendRefs[0]", "needs a name")]
    [InlineData("TCPRoute", "rules: [{ backendRefs: [{ name: b, port: 70000 }] }]", "rules[0].backendRefs[0].port", "70000")]
    [InlineData("TCPRoute", "rules: [{ backendRefs: [{ name: b, port: 1, weight: -1 }] }]", "rules[0].backendRefs[0].weight", "from 0 to 1000000")]
    [InlineData("TLSRoute", "rules: [{ matches: [{}], backendRefs: [{ name: b, port: 1 }] }]", "rules[0].matches", "unknown field")]
    [InlineData("TLSRoute", "rules: [{ backendRefs: [{ name: b, port: 1, filters: [] }] }]", "rules[0].backendRefs[0].filters", "unknown field")]
    public void A_route_that_says_nothing_sensible_is_refused(string kind, string spec, string path, string message) =>
        RuleTable.Refuses(kind, $"{{ parentRefs: [{{ name: edge }}], {spec} }}", path, message);

    [Fact]
    public void The_line_that_is_wrong_is_named()
    {
        var manifest = ManifestReader.Read("r.yaml", """
            apiVersion: gateway.networking.k8s.io/v1alpha3
            kind: TLSRoute
            metadata: { name: r }
            spec:
              parentRefs: [ { name: edge } ]
              hostnames:
              - a.example
              - 10.0.0.1
              rules:
              - backendRefs:
                - { name: b, port: 443 }
                - { name: c }
            """).Validated();

        Assert.Equal(
            [("spec.hostnames[1]", 8), ("spec.rules[0].backendRefs[1]", 12)],
            manifest.Violations.Select(v => (v.Path.Text, v.Line)).Order());
    }

    [Fact]
    public void A_second_rule_is_told_to_have_no_effect() =>
        RuleTable.Notes("TCPRoute", "{ parentRefs: [{ name: edge }], rules: [{ backendRefs: [{ name: b, port: 1 }] }, { backendRefs: [{ name: c, port: 1 }] }] }", "rules[1]", "after the first");

    [Theory]
    [InlineData("HTTPS", "certificateRefs: [{ name: c }]", "TLS", "mode: Passthrough", true)]
    [InlineData("TLS", "mode: Passthrough", "TLS", "certificateRefs: [{ name: c }]", true)]
    [InlineData("HTTPS", "certificateRefs: [{ name: c }]", "HTTP", "", false)]
    [InlineData("TLS", "mode: Passthrough", "TCP", "", false)]
    public void Listeners_of_TLS_share_a_port_whatever_is_behind_it(string first, string tls, string second, string otherTls, bool fits)
    {
        var spec = $"{{ gatewayClassName: mesh, listeners: [{Listener("a", first, tls)}, {Listener("b", second, otherTls)}] }}";

        if (fits) RuleTable.Accepts("KubernetesGateway", spec);
        else RuleTable.Refuses("KubernetesGateway", spec, "listeners[1].protocol", "an earlier listener of port 443");

        static string Listener(string name, string protocol, string tls) => $"{{ name: {name}, port: 443, protocol: {protocol}"
            + (protocol == "TCP" ? "" : $", hostname: {name}.example") + (tls.Length > 0 ? $", tls: {{ {tls} }} }}" : " }");
    }

    [Fact]
    public void A_port_of_bytes_has_one_listener() => RuleTable.Refuses(
        "KubernetesGateway",
        "{ gatewayClassName: mesh, listeners: [{ name: a, port: 1, protocol: TCP }, { name: b, port: 1, protocol: TCP }] }",
        "listeners[1]",
        "the same port");

    [Theory]
    [InlineData("TLSRoute", "v1")]
    [InlineData("TLSRoute", "v1alpha3")]
    [InlineData("TLSRoute", "v1alpha2")]
    [InlineData("TCPRoute", "v1alpha2")]
    [InlineData("TCPRoute", "v1")]
    public void Every_version_of_a_kind_is_read(string kind, string version)
    {
        var manifest = ManifestReader.Read("r.yaml", $$"""
            { apiVersion: gateway.networking.k8s.io/{{version}}, kind: {{kind}}, metadata: { name: r }, spec: { parentRefs: [ { name: edge } ], {{Rules}} } }
            """).Validated();

        Assert.Empty(manifest.Violations);
        Assert.Equal(new ConfigKey(kind, "default", "r"), Assert.Single(manifest.Resources).Resource.Key);
    }
}
