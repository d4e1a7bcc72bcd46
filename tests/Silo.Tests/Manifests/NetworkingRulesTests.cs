namespace MeshOrleans.Silo.Tests.Manifests;

public sealed class NetworkingRulesTests
{
    [Theory]
    [InlineData("{ servers: [] }", "servers", "gateway must have at least one server")]
    [InlineData(
        "{ servers: [{ port: { number: 80, name: a, protocol: HTTP }, hosts: [] }] }", "servers[0].hosts",
        "server config must contain at least one host")]
    [InlineData(
        "{ servers: [{ port: { number: 443, name: a, protocol: HTTPS }, hosts: [a.com] }] }", "servers[0].tls",
        "server must have TLS settings for HTTPS/TLS protocols")]
    [InlineData(
        "{ servers: [{ port: { number: 80, name: a, protocol: HTTP }, hosts: [a.com], tls: { mode: SIMPLE, "
            + "credentialName: c } }] }",
        "servers[0].tls", "cannot have TLS settings for plain text HTTP ports")]
    [InlineData(
        "{ servers: [{ port: { number: 90, name: a, protocol: TCP }, hosts: [a.com], tls: { mode: SIMPLE, "
            + "credentialName: c } }] }",
        "servers[0].tls", "non HTTPS/TLS ports")]
    [InlineData(
        "{ servers: [{ port: { number: 443, name: a, protocol: HTTPS }, hosts: [a.com], tls: { mode: SIMPLE "
            + "} }] }",
        "servers[0].tls", "requires a server certificate")]
    [InlineData(
        "{ servers: [{ port: { number: 443, name: a, protocol: HTTPS }, hosts: [a.com], tls: { mode: SIMPLE, credentialName: c, "
            + "minProtocolVersion: TLSV1_3, maxProtocolVersion: TLSV1_2 } }] }",
        "servers[0].tls.maxProtocolVersion", "no TLS version is from TLSV1_3 to TLSV1_2")]
    [InlineData(
        "{ servers: [{ port: { number: 443, name: a, protocol: HTTPS }, hosts: [a.com], tls: { mode: MUTUAL, "
            + "serverCertificate: c, privateKey: k } }] }",
        "servers[0].tls", "requires a client CA bundle")]
    [InlineData(
        "{ servers: [{ port: { number: 443, name: a, protocol: HTTPS }, hosts: [a.com], tls: { mode: "
            + "ISTIO_MUTUAL, credentialName: c } }] }",
        "servers[0].tls.credentialName", "ISTIO_MUTUAL TLS cannot have associated credentialName")]
    [InlineData(
        "{ servers: [{ port: { number: 443, name: a, protocol: HTTPS }, hosts: [a.com], tls: { mode: SIMPLE, "
            + "credentialName: c, serverCertificate: d, privateKey: k } }] }",
        "servers[0].tls",
        "only one of credential_name, credential_names, server_certificate, tls_certificates should be "
            + "specified")]
    [InlineData(
        "{ servers: [{ port: { number: 80, name: a, protocol: HTTP }, hosts: [a.com], bind: here }] }",
        "servers[0].bind", "\"here\" is not a valid IP address")]
    public void A_wrong_gateway_is_refused(string spec, string path, string message) =>
        RuleTable.Refuses("Gateway", spec, path, message);

    [Theory]
    [InlineData("hosts: []", "hosts", "service entry must have at least one host")]
    [InlineData(
        "resolution: NONE, endpoints: [{ address: 1.1.1.1 }]", "endpoints",
        "no endpoints should be provided for resolution type none")]
    [InlineData(
        "resolution: DNS, addresses: [10.0.0.0/8]", "addresses[0]", "CIDR addresses are allowed only for NONE/STATIC")]
    [InlineData("ports: [{ number: 80, name: a }, { number: 81, name: a }]", "ports[1].name", "already defined")]
    [InlineData("ports: [{ number: 80, name: a }, { number: 80, name: b }]", "ports[1].number", "already defined")]
    [InlineData(
        "resolution: STATIC, endpoints: [{ address: a.example.com }]", "endpoints[0].address",
        "is not a valid IP address")]
    [InlineData(
        "resolution: STATIC, endpoints: [{ address: 1.1.1.1, ports: { web: 80 } }]", "endpoints[0].ports.web",
        "endpoint port web is not defined by the service entry")]
    [InlineData(
        "resolution: DNS_ROUND_ROBIN, endpoints: [{ address: a.com }, { address: b.com }]", "endpoints",
        "there must only be 0 or 1 endpoint")]
    [InlineData("resolution: DYNAMIC_DNS", "hosts[0]", "host must be wildcarded")]
    [InlineData(
        "hosts: [\"*.a.com\"], resolution: DYNAMIC_DNS, ports: [{ number: 90, name: t, protocol: TCP }]",
        "ports[0].protocol", "only HTTP, TLS, GRPC, and HTTP2 protocols")]
    [InlineData(
        "resolution: STATIC, workloadSelector: { labels: { a: b } }, endpoints: [{ address: 1.1.1.1 }]", "",
        "only one of WorkloadSelector or Endpoints is allowed")]
    public void A_wrong_service_entry_is_refused(string fields, string path, string message) =>
        RuleTable.Refuses("ServiceEntry", Entry(fields), path, message);

    [Theory]
    [InlineData("WorkloadEntry", "{}", "address", "address is required")]
    [InlineData(
        "WorkloadEntry", "{ address: \"unix:///x\", ports: { a: 80 } }", "ports",
        "unix endpoint unix:///x must not include ports")]
    [InlineData("WorkloadEntry", "{ address: 10.0.0.1, ports: { a: 0 } }", "ports.a", "must be in the range 1..65535")]
    [InlineData("WorkloadGroup", "{}", "template", "template is required")]
    [InlineData(
        "WorkloadGroup", "{ template: {}, probe: { periodSeconds: -1, tcpSocket: { port: 80 } } }",
        "probe.periodSeconds", "must be non-negative")]
    [InlineData(
        "WorkloadGroup", "{ template: {}, probe: { httpGet: { port: 80, scheme: ftp } } }", "probe.httpGet.scheme",
        "httpGet.scheme must be one of")]
    [InlineData(
        "WorkloadGroup", "{ template: {}, probe: { exec: {} } }", "probe.exec.command", "exec.command is required")]
    [InlineData("Sidecar", "{}", "", "sidecar: empty configuration provided")]
    [InlineData(
        "Sidecar", "{ egress: [{ hosts: [] }] }", "egress[0].hosts", "egress listener must contain at least one host")]
    [InlineData(
        "Sidecar", "{ egress: [{ hosts: [foo.com] }] }", "egress[0].hosts[0]",
        "host must be of form namespace/dnsName")]
    [InlineData(
        "Sidecar", "{ egress: [{ hosts: [ns/foo] }] }", "egress[0].hosts[0]", "short names (non FQDN) are not allowed")]
    [InlineData(
        "Sidecar", "{ egress: [{ port: { number: 80, protocol: QUIC }, hosts: [\"*/*\"] }] }", "egress[0].port.protocol",
        "unsupported protocol \"QUIC\"")]
    [InlineData(
        "Gateway", "{ servers: [{ port: { number: 80, name: p, protocol: HTTP }, hosts: [foo] }] }", "servers[0].hosts[0]",
        "short names (non FQDN) are not allowed: foo")]
    [InlineData(
        "Gateway", "{ servers: [{ port: { number: 80, name: p, protocol: HTTP }, hosts: [ns/foo] }] }", "servers[0].hosts[0]",
        "short names (non FQDN) are not allowed: ns/foo")]
    [InlineData(
        "Gateway", "{ servers: [{ port: { number: 80, name: p, protocol: HTTP_PROXY }, hosts: [\"*\"] }] }",
        "servers[0].port.protocol", "unsupported protocol \"HTTP_PROXY\"")]
    [InlineData(
        "Sidecar", "{ egress: [{ hosts: [\"*/*\"] }, { hosts: [\"*/*\"] }] }", "egress[0]",
        "should be the last listener in the list")]
    [InlineData(
        "Sidecar", "{ ingress: [{ port: { number: 80 }, defaultEndpoint: \"1.1.1.1:90\" }] }",
        "ingress[0].defaultEndpoint", "defaultEndpoint must be of form 127.0.0.1:")]
    [InlineData(
        "Sidecar", "{ outboundTrafficPolicy: { mode: REGISTRY_ONLY, egressProxy: { host: a } } }",
        "outboundTrafficPolicy.egressProxy", "must be set only with ALLOW_ANY")]
    [InlineData(
        "ServiceEntry", "{ hosts: [10.1.2.3], resolution: NONE, ports: [{ number: 8080, name: tcp, protocol: TCP }] }", "hosts[0]",
        "invalid top level domain \"3\", which cannot be all-numeric")]
    [InlineData(
        "Sidecar", "{ outboundTrafficPolicy: { mode: ALLOW_ANY_DYNAMIC_DNS } }", "outboundTrafficPolicy.mode",
        "only supported in MeshConfig")]
    [InlineData(
        "Service", "{ ports: [{ port: 80 }, { port: 81, name: b }] }", "ports[0].name",
        "ports need names when there are several")]
    [InlineData(
        "Service", "{ ports: [{ port: 80, targetPort: \"8080\" }] }", "ports[0].targetPort",
        "a number is written without quotes")]
    [InlineData("MeshConfig", "{ trustDomain: \"A B\" }", "trustDomain", "is no trust domain")]
    public void A_wrong_workload_or_scope_is_refused(string kind, string spec, string path, string message) =>
        RuleTable.Refuses(kind, spec, path, message);

    [Theory]
    [InlineData(
        "Gateway",
        "{ servers: [{ port: { number: 80, name: a, protocol: HTTP }, hosts: [ns/a.com, \"./*\"], tls: { "
            + "httpsRedirect: true } }] }")]
    [InlineData(
        "Gateway",
        "{ servers: [{ port: { number: 15443, name: tls, protocol: TLS }, hosts: [\"*.local\"], tls: { "
            + "mode: AUTO_PASSTHROUGH } }] }")]
    [InlineData(
        "Gateway", // without mode it is PASSTHROUGH
        "{ servers: [{ port: { number: 443, name: a, protocol: HTTPS }, hosts: [a.com], tls: { httpsRedirect: true } }] }")]
    [InlineData("Sidecar", "{ egress: [{ hosts: [\"./*\", \"istio-system/*\", \"~/*\", \"~other/a.b\"] }] }")]
    [InlineData(
        "MeshConfig",
        "{ outboundTrafficPolicy: { mode: REGISTRY_ONLY }, defaultHttpRetryPolicy: { attempts: 3 }, "
            + "pathNormalization: { normalization: MERGE_SLASHES } }")]
    public void Unusual_but_right_resources_are_accepted(string kind, string spec) => RuleTable.Accepts(kind, spec);

    private static string Entry(string fields)
    {
        var hosts = fields.Contains("hosts:", StringComparison.Ordinal) ? "" : "hosts: [a.com], ";
        var hasPorts = fields.Contains(" ports: [", StringComparison.Ordinal)
            || fields.StartsWith("ports:", StringComparison.Ordinal);
        var ports = hasPorts
            ? ""
            : "ports: [{ number: 80, name: http, protocol: HTTP }], ";
        return $"{{ {hosts}{ports}{fields} }}";
    }

    [Theory]
    [InlineData("DestinationRule", "{ host: a, trafficPolicy: { outlierDetection: { consecutive5xxErrors: 4294967295 } } }")]
    [InlineData(
        "DestinationRule",
        "{ host: a, trafficPolicy: { retryBudget: { percent: { value: 20 }, minRetryConcurrency: 4294967295 } } }")]
    [InlineData(
        "DestinationRule",
        "{ host: a, trafficPolicy: { connectionPool: { tcp: { tcpKeepalive: { probes: 4294967295, time: 10s } } } } }")]
    [InlineData("WorkloadEntry", "{ address: 10.0.0.1, weight: 4294967295 }")]
    public void A_count_without_a_sign_may_have_all_32_bits(string kind, string spec)
    {
        RuleTable.Accepts(kind, spec);
        Assert.Contains(
            RuleTable.Read(kind, spec.Replace("4294967295", "4294967296", StringComparison.Ordinal)).Violations,
            v => v.Message.Contains("4294967296 is out of range", StringComparison.Ordinal));
    }
}
