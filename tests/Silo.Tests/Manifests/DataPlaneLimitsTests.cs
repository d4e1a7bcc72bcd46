namespace MeshOrleans.Silo.Tests.Manifests;

/// <summary>What is right in Istio's eyes, and what this version's sidecars make of it.</summary>
public sealed class DataPlaneLimitsTests
{
    [Theory]
    [InlineData("MeshConfig", "{ accessLogFile: /dev/stdout }", "accessLogFile", "--access-log")]
    [InlineData("MeshConfig", "{ accessLogEncoding: JSON }", "accessLogEncoding", "--access-log")]
    [InlineData("WorkloadGroup", "{ template: { serviceAccount: a }, probe: { tcpSocket: { port: 80 } } }", "probe", "--probe")]
    [InlineData("WorkloadGroup", "{ template: { ports: { http: 80 } } }", "template.ports", "names its own")]
    [InlineData("WorkloadGroup", "{ template: { locality: a/b } }", "template.locality", "names its own")]
    public void What_nobody_acts_on_is_told(string kind, string spec, string path, string message) =>
        RuleTable.Notes(kind, spec, path, message);

    private const string Token = "rules[0].from[0].source";

    [Theory]
    [InlineData(
        "trafficPolicy: { tls: { mode: SIMPLE, caCertificates: ca.pem } }", "trafficPolicy.tls.caCertificates",
        "the relative file name \"ca.pem\" is not supported by this version's sidecars; begin it with a slash")]
    [InlineData(
        "trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: { mode: SIMPLE, caCrl: crl } }] }",
        "trafficPolicy.portLevelSettings[0].tls.caCrl", "the relative file name \"crl\" is not supported")]
    public void A_destination_rule_that_every_sidecar_would_refuse_is_refused_first(
        string fields, string path, string message) =>
        RuleTable.Limits("DestinationRule", $"{{ host: a, {fields} }}", path, message);

    [Theory]
    [InlineData("concurrency", "concurrency (a sidecar takes the cores that it may run on: limit those of its process)")]
    [InlineData("environmentVariables.FIRST", "the environment variable FIRST (set it where the sidecar is started)")]
    [InlineData("environmentVariables.SECOND", "the environment variable SECOND")]
    [InlineData("image.imageType", "the image distroless (a sidecar is one program, and no image)")]
    public void Each_setting_of_a_proxy_config_is_told_to_have_no_effect(string path, string message) => RuleTable.Notes(
        "ProxyConfig",
        "{ selector: { matchLabels: { app: a } }, concurrency: 0, "
            + "environmentVariables: { FIRST: '1', SECOND: '2' }, image: { imageType: distroless } }",
        path,
        $"{message}");

    [Fact]
    public void A_proxy_config_that_sets_nothing_is_taken_in_silence() =>
        RuleTable.Accepts("ProxyConfig", "{ selector: { matchLabels: { app: a } } }");

    [Theory]
    [InlineData("concurrency: -1", "concurrency", "concurrency must be greater than or equal to 0")]
    [InlineData("selector: { matchLabels: { app: 'a*' } }", "selector.matchLabels.app", "wildcard is not supported in selector")]
    public void A_proxy_config_that_Istio_refuses_is_refused(string fields, string path, string message) =>
        RuleTable.Refuses("ProxyConfig", $"{{ {fields} }}", path, message);

    [Theory]
    [InlineData("CONNECT")]
    [InlineData("POST")]
    public void A_tunnel_is_acted_on(string protocol) => RuleTable.Accepts(
        "DestinationRule",
        $"{{ host: a, trafficPolicy: {{ tunnel: {{ protocol: {protocol}, targetHost: b, targetPort: 80 }} }} }}");

    [Theory]
    [InlineData(
        "headers: { request: { set: { x: \"%START_TIME%\" } } }", "headers.request.set.x",
        "the formatter in \"%START_TIME%\"")]
    [InlineData("headers: { response: { add: { x: \"%REQ(y):10%\" } } }", "headers.response.add.x", "use %REQ(name)%")]
    [InlineData(
        "rewrite: { uriRegexRewrite: { match: a, rewrite: '\\x' } }", "rewrite.uriRegexRewrite.rewrite",
        "a backslash without the number of a group that match has is not supported")]
    [InlineData(
        "rewrite: { uriRegexRewrite: { match: '/(a)', rewrite: '/\\2' } }", "rewrite.uriRegexRewrite.rewrite",
        "a backslash without the number of a group that match has is not supported")]
    public void A_route_that_every_sidecar_would_refuse_is_refused_first(string fields, string path, string message) =>
        RuleTable.Limits("VirtualService", Route(fields), $"http[0].{path}", message);

    [Fact]
    public void A_gateway_that_would_speak_no_version_of_TLS_is_refused() => RuleTable.Limits(
        "Gateway",
        "{ servers: [{ port: { number: 443, name: a, protocol: HTTPS }, hosts: [a.com], "
            + "tls: { mode: SIMPLE, credentialName: c, maxProtocolVersion: TLSV1_1 } }] }",
        "servers[0].tls.maxProtocolVersion",
        "TLSV1_1");

    [Fact]
    public void Headers_of_a_single_destination_are_looked_at_too() => RuleTable.Limits(
        "VirtualService",
        "{ hosts: [a], http: [{ route: [{ destination: { host: a }, "
            + "headers: { request: { add: { x: \"%BYTES_SENT%\" } } } }] }] }",
        "http[0].route[0].headers.request.add.x",
        "the formatter in \"%BYTES_SENT%\" is not supported");

    [Theory]
    [InlineData(
        "rules: [{ to: [{ operation: { paths: [\"a/{*}\"] } }] }]", "rules[0].to[0].operation.paths[0]",
        "begin it with a slash")]
    [InlineData(
        "action: DENY, rules: [{ to: [{ operation: { notPaths: [\"{**}\"] } }] }]",
        "rules[0].to[0].operation.notPaths[0]", "begin it with a slash")]
    [InlineData(
        "targetRefs: [{ kind: Service, name: s }], rules: [{}]", "targetRefs[0]", "nothing would enforce the policy")]
    [InlineData(
        "action: DENY, rules: [{ when: [{ key: experimental.envoy.filters.a, values: [c] }] }]", "rules[0].when[0].key",
        "filter metadata")]
    public void A_policy_that_sidecars_would_refuse_or_not_enforce_is_refused(
        string fields, string path, string message) =>
        RuleTable.Limits("AuthorizationPolicy", $"{{ {fields} }}", path, message);

    [Theory]
    [InlineData("from: [{ source: { namespaces: [NAME] } }]", Token + ".namespaces[0]")]
    [InlineData("when: [{ key: source.trustDomain, notValues: [NAME] }]", "rules[0].when[0].notValues[0]")]
    public void A_name_too_long_for_an_expression_is_refused(string rule, string path)
    {
        string Policy(int length) =>
            $"{{ rules: [{{ {rule.Replace("NAME", new string('a', length), StringComparison.Ordinal)} }}] }}";

        RuleTable.Limits("AuthorizationPolicy", Policy(1025), path, "a name of more than 1024 characters");
        RuleTable.Accepts("AuthorizationPolicy", Policy(1024));
    }

    [Theory]
    [InlineData("jwtRules: [{ issuer: a }]", "jwtRules[0]", "a rule without jwks and jwksUri, whose issuer is no address,")]
    [InlineData("targetRefs: [{ kind: Gateway, name: s }]", "targetRefs[0]", "no token would be checked")]
    [InlineData(
        "jwtRules: [{ issuer: a, jwks: '{\"keys\":[]}', outputPayloadToHeader: Content-Length }]",
        "jwtRules[0].outputPayloadToHeader", "the header Content-Length is not supported")]
    [InlineData(
        "jwtRules: [{ issuer: a, jwks: '{\"keys\":[]}', outputClaimToHeaders: [{ header: x-mesh-a, claim: b }] }]",
        "jwtRules[0].outputClaimToHeaders[0].header", "the header x-mesh-a is not supported")]
    [InlineData(
        "jwtRules: [{ issuer: a, jwks: '{\"keys\":[]}', outputPayloadToHeader: X_Token }, "
            + "{ issuer: b, jwks: '{\"keys\":[]}', fromHeaders: [{ name: x-token }] }]",
        "jwtRules[0].outputPayloadToHeader", "writing into X_Token, from which a rule of this policy reads tokens,")]
    [InlineData(
        "jwtRules: [{ issuer: a, jwks: '{\"keys\":[]}', fromHeaders: [{ name: x }], "
            + "outputClaimToHeaders: [{ header: Authorization, claim: b }] }, { issuer: b, jwks: '{\"keys\":[]}' }]",
        "jwtRules[0].outputClaimToHeaders[0].header", "writing into Authorization")]
    [InlineData(
        "jwtRules: [{ issuer: a, jwks: '{\"keys\":[]}', "
            + "outputClaimToHeaders: [{ header: x-a, claim: a }, { header: x_A, claim: b }] }]",
        "jwtRules[0].outputClaimToHeaders[1].header", "writing two things into x_A")]
    [InlineData(
        "jwtRules: [{ issuer: a, jwks: '{\"keys\":[]}', outputPayloadToHeader: x-a, "
            + "outputClaimToHeaders: [{ header: x-a, claim: a }] }]",
        "jwtRules[0].outputClaimToHeaders[0].header", "writing two things into x-a")]
    public void Authentication_that_nobody_would_enforce_is_refused(string fields, string path, string message) =>
        RuleTable.Limits("RequestAuthentication", $"{{ {fields} }}", path, message);

    [Theory]
    [InlineData(
        "RequestAuthentication",
        "jwtRules: [{ issuer: a, audiences: [b], jwks: '{\"keys\":[]}', fromHeaders: [{ name: x, prefix: \"p \" }], "
            + "fromParams: [t], fromCookies: [c], outputPayloadToHeader: x-jwt, forwardOriginalToken: true, "
            + "outputClaimToHeaders: [{ header: x-sub, claim: sub }], spaceDelimitedClaims: [roles] }]")]
    [InlineData("RequestAuthentication", "selector: { matchLabels: { a: b } }")]
    [InlineData("RequestAuthentication", "jwtRules: [{ issuer: a, jwksUri: \"https://a/k\", timeout: 2s }]")]
    [InlineData("RequestAuthentication", "jwtRules: [{ issuer: \"https://a\" }]")]
    [InlineData(
        "RequestAuthentication",
        "jwtRules: [{ issuer: a, jwks: '{\"keys\":[]}', fromParams: [t], outputPayloadToHeader: Authorization }]")]
    [InlineData(
        "RequestAuthentication",
        "jwtRules: [{ issuer: a, jwks: '{\"keys\":[]}', outputPayloadToHeader: x }, "
            + "{ issuer: b, jwks: '{\"keys\":[]}', outputPayloadToHeader: x }]")]
    [InlineData("AuthorizationPolicy", "action: DENY, rules: [{ from: [{ source: { notRequestPrincipals: [\"*\"] } }] }]")]
    [InlineData("AuthorizationPolicy", "rules: [{ from: [{ source: { requestPrincipals: [\"a/b\"] } }] }]")]
    [InlineData("AuthorizationPolicy", "rules: [{ when: [{ key: \"request.auth.claims[a][b]\", notValues: [c] }] }]")]
    [InlineData("AuthorizationPolicy", "action: DENY, rules: [{ when: [{ key: request.auth.audiences, values: [c] }] }]")]
    public void Tokens_are_checked_and_policies_may_ask_for_them(string kind, string fields) =>
        RuleTable.Accepts(kind, $"{{ {fields} }}");

    [Theory]
    [InlineData("WorkloadEntry", "{ network: vpc-1 }", "address", "an endpoint without address")]
    [InlineData("WorkloadEntry", "{ address: \"unix:///run/app\" }", "address", "the address \"unix:///run/app\"")]
    [InlineData(
        "ServiceEntry",
        "{ hosts: [a.com], ports: [{ number: 80, name: http }], resolution: STATIC, endpoints: [{ address: "
            + "\"unix:///run/app\" }] }",
        "endpoints[0].address", "give an IP address or a DNS name")]
    [InlineData(
        "Service", "{ type: ExternalName, externalName: \"a b\", ports: [{ port: 80 }] }", "externalName",
        "the address \"a b\"")]
    public void An_endpoint_that_no_sidecar_can_dial_is_refused(
        string kind, string spec, string path, string message) =>
        RuleTable.Limits(kind, spec, path, message);

    [Theory]
    [InlineData(
        "DestinationRule",
        "{ host: a, trafficPolicy: { retryBudget: { percent: { value: 20 }, budgetInterval: 10s } } }",
        "trafficPolicy.retryBudget.budgetInterval", "budgetInterval")]
    [InlineData(
        "Gateway",
        "{ servers: [{ port: { number: 443, name: https, protocol: HTTPS }, hosts: [a.com], "
            + "tls: { mode: SIMPLE, credentialName: c, cipherSuites: [ECDHE-ECDSA-AES128-GCM-SHA256] } }] }",
        "servers[0].tls.cipherSuites", "cipherSuites")]
    [InlineData(
        "Sidecar",
        "{ ingress: [{ port: { number: 80, name: http, protocol: HTTP }, bind: 10.0.0.1, captureMode: NONE }] }",
        "ingress[0].bind", "bind")]
    [InlineData(
        "Sidecar",
        "{ ingress: [{ port: { number: 80, name: http, protocol: HTTPS }, tls: { mode: SIMPLE, credentialName: c } }] }",
        "ingress[0].tls", "tls (PeerAuthentication says who may come)")]
    [InlineData(
        "Sidecar", "{ egress: [{ port: { number: 80, name: http, protocol: HTTP }, bind: 10.0.0.1, hosts: [\"*/*\"] }] }",
        "egress[0].bind", "bind")]
    [InlineData("Sidecar", "{ egress: [{ captureMode: NONE, hosts: [\"*/*\"] }] }", "egress[0].captureMode", "captureMode")]
    [InlineData(
        "Sidecar", "{ egress: [{ port: { number: 15080, name: p, protocol: HTTP_PROXY }, hosts: [\"*/*\"] }] }",
        "egress[0].port", "a proxy port of its own (the sidecar's outbound port is one)")]
    [InlineData(
        "Sidecar", "{ outboundTrafficPolicy: { mode: ALLOW_ANY, egressProxy: { host: a.com, port: { number: 80 } } } }",
        "outboundTrafficPolicy.egressProxy", "egressProxy")]
    [InlineData(
        "AuthorizationPolicy", "{ rules: [{ when: [{ key: \"experimental.envoy.filters.a.b[c]\", values: [d] }] }] }",
        "rules[0].when[0].key", "nobody matches it")]
    [InlineData(
        "RequestAuthentication", "{ jwtRules: [{ issuer: a, jwks: '{\"keys\":[{\"kty\":\"oct\"}]}' }] }",
        "jwtRules[0].jwks", "a key (keys[0]: its kty is neither RSA nor EC) is accepted but not acted on")]
    [InlineData(
        "RequestAuthentication", "{ jwtRules: [{ issuer: a, jwks: '{\"keys\":[]}', timeout: 2s }] }",
        "jwtRules[0].timeout", "timeout")]
    [InlineData(
        "Service", "{ selector: { a: b }, ports: [{ port: 53, name: dns, protocol: UDP }] }", "ports[0]",
        "a port of UDP, whose datagrams go past the mesh,")]
    [InlineData(
        "Service", "{ selector: { a: b }, ports: [{ port: 53, name: udp-dns }] }", "ports[0]",
        "a port of UDP, whose datagrams go past the mesh,")]
    [InlineData(
        "ServiceEntry", "{ hosts: [a.com], resolution: DNS, ports: [{ number: 53, name: dns, protocol: UDP }] }",
        "ports[0].protocol", "a port of UDP")]
    [InlineData(
        "Sidecar", "{ egress: [{ port: { number: 53, name: dns, protocol: UDP }, hosts: [\"./*\"] }] }",
        "egress[0].port.protocol", "a port of UDP")]
    [InlineData(
        "Telemetry", "{ targetRefs: [{ kind: Service, name: s }], tracing: [{ randomSamplingPercentage: 1 }] }",
        "targetRefs[0]", "a target of kind Service (group \"\", for waypoints, which there are none of here) is accepted but not")]
    [InlineData(
        "KubernetesGateway", "{ gatewayClassName: mesh, listeners: [{ name: dns, port: 53, protocol: UDP }] }",
        "listeners[0].protocol", "a listener of UDP (HTTP, HTTPS, TLS and TCP are served) is accepted but not acted on")]
    [InlineData(
        "KubernetesGateway",
        "{ gatewayClassName: mesh, listeners: [{ name: a, port: 443, protocol: TLS, tls: { mode: Passthrough, options: { example.com/a: b } } }] }",
        "listeners[0].tls.options", "options of TLS are accepted but not acted on")]
    [InlineData(
        "Gateway", "{ servers: [{ port: { number: 443, name: a, protocol: HTTPS }, hosts: [a.com], tls: { credentialName: c } }] }",
        "servers[0].tls", "which then is PASSTHROUGH (write mode: SIMPLE for TLS that ends here)")]
    public void What_has_no_effect_is_accepted_with_a_word_about_it(
        string kind, string spec, string path, string message) =>
        RuleTable.Notes(kind, spec, path, message);

    [Theory]
    [InlineData(
        "Gateway", "{ servers: [{ port: { number: 53, name: dns, protocol: UDP }, hosts: [\"*\"] }] }",
        "servers[0].port.protocol")]
    [InlineData("Sidecar", "{ ingress: [{ port: { number: 53, name: dns, protocol: UDP } }] }", "ingress[0].port")]
    public void A_port_of_UDP_that_somebody_would_have_to_open_is_refused(string kind, string spec, string path) =>
        RuleTable.Limits(kind, spec, path, "UDP is not supported by this version's sidecars");

    [Theory]
    [InlineData("Service", "")]
    [InlineData("ServiceEntry", "networking.istio.io")]
    [InlineData("GatewayClass", "gateway.networking.k8s.io")]
    public void A_policy_of_access_for_waypoints_is_refused_as_such(string kind, string group) => RuleTable.Limits(
        "AuthorizationPolicy",
        $"{{ targetRefs: [{{ group: \"{group}\", kind: {kind}, name: s }}], rules: [{{}}] }}",
        "targetRefs[0]",
        $"a target of kind {kind} (group \"{group}\", for waypoints, which there are none of here) is not supported");

    [Theory]
    [InlineData("AuthorizationPolicy", "rules: [{}]")]
    [InlineData("RequestAuthentication", "jwtRules: [{ issuer: a, jwks: '{\"keys\":[]}' }]")]
    public void A_policy_may_be_attached_to_Gateways(string kind, string fields) => RuleTable.Accepts(
        kind, $"{{ targetRefs: [{{ group: gateway.networking.k8s.io, kind: Gateway, name: g }}], {fields} }}");

    [Fact]
    public void Keys_of_a_policy_that_no_workload_could_be_handed_are_refused()
    {
        var large = $"'{{\"keys\":[],\"pad\":\"{new string('a', 150 * 1024)}\"}}'";

        RuleTable.Limits(
            "RequestAuthentication", $"{{ jwtRules: [{{ issuer: a, jwks: {large} }}, {{ issuer: b, jwks: {large} }}] }}",
            "jwtRules", "more than 262144 characters in all");
    }

    [Theory]
    [InlineData("tls: [{ match: [{ sniHosts: [a.com] }], route: [{ destination: { host: a } }] }]")]
    [InlineData("tcp: [{ route: [{ destination: { host: a } }] }]")]
    public void A_route_of_connections_is_acted_on_where_only_gateways_have_it(string routes) =>
        RuleTable.Accepts("VirtualService", $"{{ hosts: [a.com], gateways: [n/gw], {routes} }}");

    private static string Route(string fields) =>
        $"{{ hosts: [a], http: [{{ route: [{{ destination: {{ host: a }} }}], {fields} }}] }}";
}
