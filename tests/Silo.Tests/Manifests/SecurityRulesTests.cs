namespace MeshOrleans.Silo.Tests.Manifests;

public sealed class SecurityRulesTests
{
    [Theory]
    [InlineData(
        "{ portLevelMtls: { \"80\": { mode: STRICT } } }", "portLevelMtls",
        "mesh/namespace peer authentication cannot have port level mTLS")]
    [InlineData(
        "{ selector: { matchLabels: { a: b } }, portLevelMtls: { \"0\": { mode: STRICT } } }", "portLevelMtls",
        "must be in range 1..65535")]
    [InlineData(
        "{ selector: { matchLabels: { a: b } }, portLevelMtls: { \"70000\": { mode: STRICT } } }", "portLevelMtls",
        "must be in range 1..65535")]
    [InlineData(
        "{ selector: { matchLabels: { a: b } }, portLevelMtls: {} }", "portLevelMtls",
        "must have at least one element")]
    [InlineData(
        "{ selector: { matchLabels: { \"\": b } } }", "selector.matchLabels.",
        "empty key is not supported in selector")]
    [InlineData(
        "{ selector: { matchLabels: { a: \"a*\" } } }", "selector.matchLabels.a",
        "wildcard is not supported in selector")]
    public void A_wrong_peer_authentication_is_refused(string spec, string path, string message) =>
        RuleTable.Refuses("PeerAuthentication", spec, path, message);

    [Theory]
    [InlineData("action: ALLOW, provider: { name: p }", "provider", "`provider` must not be with non CUSTOM action")]
    [InlineData("action: CUSTOM", "provider", "`provider.name` must not be empty")]
    [InlineData(
        "action: CUSTOM, provider: { name: p }, rules: [{ from: [{ source: { principals: [a] } }] }]",
        "rules[0].from[0].source.principals", "is currently not supported with CUSTOM action")]
    [InlineData(
        "action: CUSTOM, provider: { name: p }, rules: [{ when: [{ key: \"request.auth.claims[a]\", values: "
            + "[b] }] }]",
        "rules[0].when[0].key", "is currently not supported with CUSTOM action")]
    [InlineData("rules: [{ from: [] }]", "rules[0].from", "`from` must not be empty")]
    [InlineData("rules: [{ from: [{}] }]", "rules[0].from[0]", "`from.source` must not be nil")]
    [InlineData("rules: [{ to: [{ operation: {} }] }]", "rules[0].to[0].operation", "`to.operation` must not be empty")]
    [InlineData(
        "rules: [{ from: [{ source: { ipBlocks: [300.1.1.1] } }] }]", "rules[0].from[0].source.ipBlocks[0]",
        "invalid IP/CIDR")]
    [InlineData(
        "rules: [{ from: [{ source: { ipBlocks: [10.0.0.0/33] } }] }]", "rules[0].from[0].source.ipBlocks[0]",
        "invalid IP/CIDR")]
    [InlineData(
        "rules: [{ to: [{ operation: { ports: [http] } }] }]", "rules[0].to[0].operation.ports[0]", "invalid port")]
    [InlineData(
        "rules: [{ to: [{ operation: { ports: [8080] } }] }]", "rules[0].to[0].operation.ports[0]",
        "put it in quotes, \"8080\"")]
    [InlineData(
        "rules: [{ from: [{ source: { principals: [\"\"] } }] }]", "rules[0].from[0].source.principals[0]",
        "empty string value")]
    [InlineData(
        "rules: [{ when: [{ key: source.namespace, values: [\"\"] }] }]", "rules[0].when[0].values[0]",
        "empty string value")]
    [InlineData(
        "rules: [{ to: [{ operation: { paths: [\"/a/{*}.txt\"] } }] }]", "rules[0].to[0].operation.paths[0]",
        "invalid path template")]
    [InlineData(
        "rules: [{ to: [{ operation: { paths: [\"/{**}/x/{*}\"] } }] }]", "rules[0].to[0].operation.paths[0]",
        "invalid path template")]
    [InlineData(
        "rules: [{ to: [{ operation: { paths: [\"/{x}\"] } }] }]", "rules[0].to[0].operation.paths[0]",
        "invalid path template")]
    [InlineData("rules: [{ when: [{ key: request.foo, values: [a] }] }]", "rules[0].when[0].key", "unknown attribute")]
    [InlineData(
        "rules: [{ when: [{ key: source.ip }] }]", "rules[0].when[0]",
        "at least one of `values` or `notValues` must be set")]
    [InlineData(
        "selector: { matchLabels: { a: b } }, targetRefs: [{ kind: Gateway, name: g }], rules: [{}]", "targetRefs",
        "only one of targetRefs or workloadSelector can be set")]
    [InlineData(
        "targetRefs: [{ kind: Gateway, name: g, namespace: other }], rules: [{}]", "targetRefs[0].namespace",
        "cross namespace referencing is not supported")]
    [InlineData(
        "rules: [{ from: [{ source: { serviceAccounts: [\"a*\"] } }] }]", "rules[0].from[0].source.serviceAccounts[0]",
        "wildcard is not supported")]
    public void A_wrong_authorization_policy_is_refused(string fields, string path, string message) =>
        RuleTable.Refuses("AuthorizationPolicy", $"{{ {fields} }}", path, message);

    [Fact]
    public void An_allow_policy_without_rules_is_accepted_with_a_warning() =>
        RuleTable.Warns("AuthorizationPolicy", "{}", "", "will deny all traffic");

    [Theory]
    [InlineData("allowedHosts: [10.0.0.0/8, keys.corp, \"10.0.0.0/33\"]", "allowedHosts[2]", "is no address, block of addresses")]
    [InlineData("refreshInterval: 500ms", "refreshInterval", "must be from 1s to 720h")]
    [InlineData("maxAge: 721h", "maxAge", "must be from 1s to 720h")]
    public void How_keys_are_fetched_is_checked(string fields, string path, string message) =>
        RuleTable.Refuses("MeshConfig", $"{{ issuerKeys: {{ {fields} }} }}", $"issuerKeys.{path}", message);

    [Theory]
    [InlineData("envoyExtAuthzHttp: {service: a.example, port: 80}", "name", "must not be empty")]
    [InlineData("name: p", "", "exactly one of")]
    [InlineData("name: p, envoyExtAuthzHttp: {service: a.b, port: 1}, envoyExtAuthzGrpc: {service: a.b, port: 1}", "", "exactly one of")]
    [InlineData("name: p, envoyExtAuthzGrpc: {port: 1}", "envoyExtAuthzGrpc.service", "must not be empty")]
    [InlineData("name: p, envoyExtAuthzGrpc: {service: /a, port: 1}", "envoyExtAuthzGrpc.service", "must be [namespace/]host")]
    [InlineData("name: p, envoyExtAuthzGrpc: {service: a}", "envoyExtAuthzGrpc.port", "range 1..65535")]
    [InlineData("name: p, envoyExtAuthzGrpc: {service: a, port: 1, timeout: 0s}", "envoyExtAuthzGrpc.timeout", "must be more than 0")]
    [InlineData("name: p, envoyExtAuthzGrpc: {service: a, port: 1, statusOnError: \"100\"}", "envoyExtAuthzGrpc.statusOnError", "is no HTTP status")]
    [InlineData("name: p, envoyExtAuthzGrpc: {service: a, port: 1, includeRequestBodyInCheck: {}}", "envoyExtAuthzGrpc.includeRequestBodyInCheck.maxRequestBytes", "must be from 1 to")]
    [InlineData("name: p, envoyExtAuthzGrpc: {service: a, port: 1, pathPrefix: /x}", "envoyExtAuthzGrpc.pathPrefix", "unknown field")]
    [InlineData("name: p, envoyExtAuthzHttp: {service: a, port: 1, pathPrefix: x}", "envoyExtAuthzHttp.pathPrefix", "must begin with a slash")]
    [InlineData("name: p, envoyExtAuthzHttp: {service: a, port: 1, includeRequestHeadersInCheck: [\"a*b\"]}", "envoyExtAuthzHttp.includeRequestHeadersInCheck[0]", "is no header name")]
    [InlineData("name: p, envoyExtAuthzHttp: {service: a, port: 1, includeAdditionalHeadersInCheck: {host: b}}", "envoyExtAuthzHttp.includeAdditionalHeadersInCheck.host", "cannot set Host header")]
    public void A_wrong_provider_is_refused(string provider, string path, string message) => RuleTable.Refuses(
        "MeshConfig",
        $"{{ extensionProviders: [{{ {provider} }}] }}",
        path.Length > 0 ? $"extensionProviders[0].{path}" : "extensionProviders[0]",
        message);

    [Fact]
    public void Two_providers_of_one_name_are_refused() => RuleTable.Refuses(
        "MeshConfig",
        "{ extensionProviders: [{ name: p, envoyExtAuthzGrpc: {service: a, port: 1} }, { name: p, envoyExtAuthzGrpc: {service: a, port: 1} }] }",
        "extensionProviders[1].name",
        "there are two providers");

    [Theory]
    [InlineData("numTrustedProxies: -1")]
    [InlineData("numTrustedProxies: 33")]
    public void How_many_proxies_are_trusted_is_checked(string topology) => RuleTable.Refuses(
        "MeshConfig",
        $"{{ defaultConfig: {{ gatewayTopology: {{ {topology} }} }} }}",
        "defaultConfig.gatewayTopology.numTrustedProxies",
        "must be from 0 to 32");

    [Theory]
    [InlineData("jwtRules: [{}]", "jwtRules[0]", "issuer or jwksUri must be non-empty string")]
    [InlineData("jwtRules: [{ issuer: a, jwksUri: \"ftp://x\" }]", "jwtRules[0].jwksUri", "must be http or https")]
    [InlineData("jwtRules: [{ jwksUri: \"https://u@x/k\" }]", "jwtRules[0].jwksUri", "must have a host, no user name")]
    [InlineData("jwtRules: [{ issuer: a, jwks: \"{\" }]", "jwtRules[0].jwks", "jwks parse error")]
    [InlineData(
        "jwtRules: [{ issuer: a, audiences: [\"\"] }]", "jwtRules[0].audiences[0]",
        "audience must be non-empty string")]
    [InlineData(
        "jwtRules: [{ issuer: a, outputPayloadToHeader: \"a b\" }]", "jwtRules[0].outputPayloadToHeader",
        "header name a b is not a valid header name")]
    [InlineData(
        "jwtRules: [{ issuer: a, fromHeaders: [{ name: \"a b\" }] }]", "jwtRules[0].fromHeaders[0].name",
        "header name a b is not a valid header name")]
    [InlineData(
        "jwtRules: [{ issuer: a, fromHeaders: [{}] }]", "jwtRules[0].fromHeaders[0].name",
        "location header name must be non-empty string")]
    public void A_wrong_request_authentication_is_refused(string fields, string path, string message) =>
        RuleTable.Refuses("RequestAuthentication", $"{{ {fields} }}", path, message);

    [Theory]
    [InlineData(
        "tracing: [{ randomSamplingPercentage: 101 }]", "tracing[0].randomSamplingPercentage",
        "must be in range [0.0, 100.0]")]
    [InlineData(
        "metrics: [{ overrides: [{ tagOverrides: { a: { operation: UPSERT } } }] }]",
        "metrics[0].overrides[0].tagOverrides.a", "must be set when operation is UPSERT")]
    [InlineData(
        "metrics: [{ overrides: [{ tagOverrides: { a: { operation: REMOVE, value: b } } }] }]",
        "metrics[0].overrides[0].tagOverrides.a", "may only be set when operation is UPSERT")]
    [InlineData(
        "accessLogging: [{ providers: [{ name: \"\" }] }]", "accessLogging[0].providers[0].name",
        "providers.name may not be empty")]
    public void Wrong_telemetry_is_refused(string fields, string path, string message) =>
        RuleTable.Refuses("Telemetry", $"{{ {fields} }}", path, message);

    [Theory]
    [InlineData("AuthorizationPolicy", "{ rules: [{}] }")]
    [InlineData(
        "AuthorizationPolicy",
        "{ action: DENY, rules: [{ from: [{ source: { notPrincipals: [\"*\"] } }], to: [{ operation: { "
            + "paths: [\"/a/{*}/b/{**}\", \"/x*\"], ports: [\"8080\"] } }], when: [{ key: \"request.headers[x]\", "
            + "notValues: [a] }, { key: source.ip, values: [10.0.0.0/8, \"::1\"] }] }] }")]
    [InlineData(
        "PeerAuthentication",
        "{ selector: { matchLabels: { a: b } }, mtls: { mode: UNSET }, portLevelMtls: { \"8080\": { mode: "
            + "DISABLE } } }")]
    [InlineData(
        "PeerAuthentication", "{ selector: { matchLabels: { a: b } }, portLevelMtls: { 8080: { mode: DISABLE } } }")]
    [InlineData(
        "Telemetry",
        "{ tracing: [{ match: { mode: CLIENT }, customTags: { a: { literal: { value: b } } } }], metrics: "
            + "[{ overrides: [{ match: { metric: REQUEST_COUNT }, tagOverrides: { a: { value: b } } }] }], "
            + "accessLogging: [{ filter: { expression: \"response.code >= 400\" } }] }")]
    public void Unusual_but_right_policies_are_accepted(string kind, string spec) => RuleTable.Accepts(kind, spec);
}
