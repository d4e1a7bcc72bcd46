namespace MeshOrleans.Silo.Tests.Manifests;

public sealed class DestinationRuleRulesTests
{
    private const string Kind = "DestinationRule";

    [Theory]
    [InlineData("trafficPolicy: {}", "trafficPolicy", "traffic policy must have at least one field")]
    [InlineData("subsets: [{ name: v1 }, { name: v1 }]", "subsets[1].name", "duplicate subset names: v1")]
    [InlineData("subsets: [{ name: \"\" }]", "subsets[0].name", "subset name cannot be empty")]
    [InlineData(
        "trafficPolicy: { connectionPool: {} }", "trafficPolicy.connectionPool",
        "connection pool must have at least one field")]
    [InlineData(
        "trafficPolicy: { connectionPool: { tcp: { maxConnections: -1 } } }",
        "trafficPolicy.connectionPool.tcp.maxConnections", "max connections must be non-negative")]
    [InlineData(
        "trafficPolicy: { connectionPool: { http: { h2UpgradePolicy: UPGRADE, useClientProtocol: true } } }",
        "trafficPolicy.connectionPool.http.useClientProtocol", "must not be true when H2UpgradePolicy is UPGRADE")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { consistentHash: { httpCookie: { path: / } } } }",
        "trafficPolicy.loadBalancer.consistentHash.httpCookie.name", "name required for HttpCookie")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true, maglev: { tableSize: 65536 } "
            + "} } }",
        "trafficPolicy.loadBalancer.consistentHash.maglev.tableSize", "must be a prime number")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true, maglev: { tableSize: 6000000 "
            + "} } } }",
        "trafficPolicy.loadBalancer.consistentHash.maglev.tableSize", "less than 5000011")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true, maglev: { tableSize: 0 } } } }",
        "trafficPolicy.loadBalancer.consistentHash.maglev.tableSize", "must be set for maglev")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true, ringHash: { minimumRingSize: 8388609 } } } }",
        "trafficPolicy.loadBalancer.consistentHash.minimumRingSize", "must be at most 8388608")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { consistentHash: { httpCookie: { name: \"a;b\", path: / } } } }",
        "trafficPolicy.loadBalancer.consistentHash.httpCookie.name", "is not a cookie's name")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { consistentHash: { httpCookie: { name: a, path: \"/\\r\\nx: y\" } } } }",
        "trafficPolicy.loadBalancer.consistentHash.httpCookie.path", "is not a cookie's path")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { simple: RANDOM, consistentHash: { useSourceIp: true } } }",
        "trafficPolicy.loadBalancer", "only one of simple and consistentHash")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { localityLbSetting: { distribute: [{ from: a, to: { b: 100 } }], "
            + "failover: [{ from: a, to: b }] } } }",
        "trafficPolicy.loadBalancer.localityLbSetting", "can not simultaneously specify 'distribute' and 'failover'")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { localityLbSetting: { failover: [{ from: a, to: b }], failoverPriority: "
            + "[x, topology.kubernetes.io/region] } } }",
        "trafficPolicy.loadBalancer.localityLbSetting.failoverPriority[1]",
        "can not simultaneously set 'failover' and topology label 'topology.kubernetes.io/region'")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { localityLbSetting: { distribute: [{ from: a/b, to: { c: 100 } }, { from: \"a/*\", to: { c: 100 } }] } } }",
        "trafficPolicy.loadBalancer.localityLbSetting.distribute[1].from", "overlap with previous")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { localityLbSetting: { distribute: [{ from: \"*/b\", to: { c: 100 } }] } } }",
        "trafficPolicy.loadBalancer.localityLbSetting.distribute[0].from", "must be in the end")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { localityLbSetting: { distribute: [{ from: a//c, to: { c: 100 } }] } } }",
        "trafficPolicy.loadBalancer.localityLbSetting.distribute[0].from", "must not be empty")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { localityLbSetting: { distribute: [{ from: a, to: { b: 90 } }] } } }",
        "trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to", "total locality weight 90 != 100")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { localityLbSetting: { distribute: [{ from: a, to: { b: 0, c: 100 } "
            + "}] } } }",
        "trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to.b", "locality weight must be in range [1, 100]")]
    [InlineData(
        "trafficPolicy: { outlierDetection: { maxEjectionPercent: 101 } }",
        "trafficPolicy.outlierDetection.maxEjectionPercent", "percentage 101 is not in range 0..100")]
    [InlineData(
        "trafficPolicy: { outlierDetection: { consecutiveLocalOriginFailures: 3 } }",
        "trafficPolicy.outlierDetection.consecutiveLocalOriginFailures",
        "split external local origin errors is set to false")]
    [InlineData(
        "trafficPolicy: { portLevelSettings: [{}] }", "trafficPolicy.portLevelSettings[0].port",
        "portTrafficPolicy must have valid port")]
    [InlineData(
        "trafficPolicy: { portLevelSettings: [{ port: { number: 0 }, tls: { mode: DISABLE } }] }",
        "trafficPolicy.portLevelSettings[0].port", "portTrafficPolicy must have valid port")]
    [InlineData(
        "trafficPolicy: { portLevelSettings: [{ port: { number: 80 } }] }", "trafficPolicy.portLevelSettings[0]",
        "port traffic policy must have at least one field")]
    [InlineData(
        "trafficPolicy: { tls: { mode: MUTUAL, privateKey: k } }", "trafficPolicy.tls",
        "client certificate required for mutual tls")]
    [InlineData(
        "trafficPolicy: { tls: { mode: MUTUAL, clientCertificate: c } }", "trafficPolicy.tls",
        "private key required for mutual tls")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { warmup: {} } }", "trafficPolicy.loadBalancer.warmup.duration",
        "duration is required")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { warmup: { duration: 10s, minimumPercent: 101 } } }",
        "trafficPolicy.loadBalancer.warmup.minimumPercent", "less than or equal to 100")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { warmup: { duration: 10s, aggression: 0 } } }",
        "trafficPolicy.loadBalancer.warmup.aggression", "greater than 0")]
    [InlineData(
        "workloadSelector: { matchLabels: { a: b } }, exportTo: [\"*\"]", "exportTo",
        "destination rule with workload selector cannot have exportTo beyond current namespace")]
    public void A_wrong_rule_is_refused(string fields, string path, string message) =>
        RuleTable.Refuses(Kind, $"{{ host: a, {fields} }}", path, message);

    [Fact]
    public void A_rule_needs_a_host() =>
        RuleTable.Refuses(Kind, "{ subsets: [] }", "host", "domain name cannot be empty");

    [Theory]
    [InlineData("trafficPolicy: { outlierDetection: {} }")]
    [InlineData("trafficPolicy: { tls: { mode: SIMPLE, sni: a.com, subjectAltNames: [a.com] } }")]
    [InlineData("trafficPolicy: { tls: { mode: ISTIO_MUTUAL, subjectAltNames: [\"spiffe://td/ns/a/sa/b\"] } }")]
    [InlineData("trafficPolicy: { loadBalancer: { localityLbSetting: { failover: [{ from: a, to: b }] } } }")]
    [InlineData(
        "trafficPolicy: { connectionPool: { tcp: { connectTimeout: 30ms, tcpKeepalive: { time: 7200s } }, "
            + "http: { http2KeepAlive: { interval: 10s, timeout: 5s } } } }")]
    [InlineData("trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: x, maglev: { tableSize: 65537 } } } }")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { consistentHash: { ringHash: { minimumRingSize: 0 }, httpCookie: "
            + "{ name: a, path: /, ttl: 0s, attributes: [{ name: SameSite, value: Lax }] } } } }")]
    [InlineData(
        "trafficPolicy: { tls: { mode: MUTUAL, clientCertificate: /c, privateKey: /k, caCertificates: /ca, sni: a.com, "
            + "subjectAltNames: [a.com, \"spiffe://td/ns/a/sa/b\"] } }")]
    [InlineData("trafficPolicy: { loadBalancer: { localityLbSetting: { failoverPriority: [a, b=c] } } }")]
    [InlineData(
        "trafficPolicy: { loadBalancer: { localityLbSetting: { distribute: [{ from: \"region/*\", to: "
            + "{ \"nearregion/*\": 80, \"region/*\": 20 } }] } } }")]
    [InlineData("trafficPolicy: { loadBalancer: { simple: ROUND_ROBIN, warmup: { duration: 10s } } }")]
    [InlineData("workloadSelector: { matchLabels: { a: b } }, exportTo: [\".\"]")]
    public void Unusual_but_right_rules_are_accepted(string fields) =>
        RuleTable.Accepts(Kind, $"{{ host: a, {fields} }}");
}
