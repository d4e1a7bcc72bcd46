namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>T16, T18, T20 and T25 of the conformance cases, and consistent hashing.</summary>
[Collection(nameof(ConformanceMesh))]
public sealed class DestinationRuleTests(ConformanceMesh mesh)
{
    [Fact]
    public async Task T16_a_ports_settings_replace_the_rule_and_the_first_namespace_with_a_rule_decides()
    {
        await using var rules = await mesh.WithAsync(
            Rule("""
                connectionPool: {http: {http1MaxPendingRequests: 1}, tcp: {maxConnections: 1}}, loadBalancer: {simple: RANDOM},
                portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: ROUND_ROBIN}}]
                """)
            + "\n---\n"
            + Rule("connectionPool: {http: {http1MaxPendingRequests: 1}, tcp: {maxConnections: 1}}", "other", "b.app.svc.cluster.local"));

        var sequential = new List<string>();
        for (var i = 0; i < 6; i++) sequential.Add((await mesh.A.GetAsync("http://b/")).Version);
        var unbounded = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => mesh.A.GetAsync("http://b/?delay=300ms")));
        var bounded = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => mesh.O.GetAsync("http://b.app/?delay=300ms")));

        Assert.Equal((3, 3), (sequential.Count(v => v == "v1"), sequential.Count(v => v == "v2")));
        Assert.All(unbounded, a => Assert.Equal(200, a.Code));
        Assert.Contains(bounded, a => a.Code == 503);
    }

    [Fact]
    public async Task T18_what_is_over_the_limits_is_refused_at_once_and_not_retried()
    {
        await using var rules = await mesh.WithAsync(Rule(
            "connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1, maxRequestsPerConnection: 1}}", host: "c"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => mesh.A.GetAsync("http://c/?delay=500ms&key=t18")));
        var (served, refused) = (answers.Where(a => a.Code == 200).ToList(), answers.Where(a => a.Code == 503).ToList());

        Assert.Equal(10, served.Count + refused.Count);
        Assert.InRange(served.Count, 1, 4);
        Assert.All(refused, a => Assert.Equal("true", a.Headers["x-envoy-overloaded"]));
        Assert.Equal(served.Count, await mesh.C.SeenAsync("t18"));
        for (var i = 0; i < 5; i++) Assert.Equal(200, (await mesh.A.GetAsync("http://c/")).Code);
        using var admin = new HttpClient();
        var metrics = await admin.GetStringAsync($"http://127.0.0.1:{mesh.A.AdminPort}/stats/prometheus");
        Assert.Contains(
            $"envoy_cluster_upstream_rq_pending_overflow{{cluster_name=\"outbound|80||c.app.svc.cluster.local\"}} {refused.Count}\n",
            metrics,
            StringComparison.Ordinal);
        Assert.Matches("envoy_cluster_upstream_cx_active\\{cluster_name=\"outbound\\|80\\|\\|c.app.svc.cluster.local\"\\} [0-9]+\n", metrics);
    }

    [Fact]
    public async Task T20_shares_by_locality_are_kept_and_the_rest_gets_nothing()
    {
        const string Geo = """
            {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: geo, namespace: app}, spec: {hosts: [geo.example], location: MESH_EXTERNAL, resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: ADDRESS1, ports: {http: PORT1}, locality: near/z/s}, {address: ADDRESS2, ports: {http: PORT2}, locality: far/z/s}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: geo, namespace: app}, spec: {host: geo.example, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN, localityLbSetting: {distribute: [{from: "*", to: {"near/*": 100}}]}}}}}
            """;
        await using var rules = await mesh.WithAsync(Geo
            .Replace("ADDRESS1", mesh.B1.Address, StringComparison.Ordinal)
            .Replace("PORT1", $"{mesh.B1.Spec.Port}", StringComparison.Ordinal)
            .Replace("ADDRESS2", mesh.B2.Address, StringComparison.Ordinal)
            .Replace("PORT2", $"{mesh.B2.Spec.Port}", StringComparison.Ordinal));

        var versions = await mesh.A.CountAsync("http://geo.example/", 50, a => a.Code == 200 ? a.Version : $"{a.Code}");

        Assert.Equal(50, versions.GetValueOrDefault("v1"));
    }

    [Fact]
    public async Task T25_an_explicit_rule_counts_before_automatic_mTLS_and_one_without_tls_leaves_it_on()
    {
        await using var strict = await mesh.WithAsync(
            "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: c, namespace: app}, spec: {selector: {matchLabels: {app: c}}, mtls: {mode: STRICT}}}");
        Assert.Equal(200, (await mesh.A.GetAsync("http://c/")).Code);

        await using (await mesh.WithAsync(Rule("tls: {mode: DISABLE}", host: "c")))
        {
            Assert.Equal(503, (await mesh.A.GetAsync("http://c/")).Code);
        }

        await using (await mesh.WithAsync(Rule("outlierDetection: {consecutive5xxErrors: 3}", host: "c")))
        {
            Assert.Equal(200, (await mesh.A.GetAsync("http://c/")).Code);
        }
    }

    [Theory]
    [InlineData("ringHash: {minimumRingSize: 1024}")]
    [InlineData("maglev: {tableSize: 65537}")]
    public async Task A_header_leads_every_client_to_the_same_endpoint(string table)
    {
        await using var rules = await mesh.WithAsync(
            Rule($"loadBalancer: {{consistentHash: {{httpHeaderName: x-user, {table}}}}}"));

        var seen = new HashSet<string>();
        for (var user = 0; user < 20; user++)
        {
            var answers = new HashSet<string>();
            for (var i = 0; i < 2; i++)
            {
                answers.Add((await mesh.A.GetAsync("http://b/", ("x-user", $"u{user}"))).Version);
                answers.Add((await mesh.O.GetAsync("http://b.app/", ("x-user", $"u{user}"))).Version);
            }

            seen.UnionWith(answers);
            Assert.Single(answers);
        }

        Assert.Equal(2, seen.Count);
    }

    private static string Rule(string policy, string ns = "app", string host = "b")
    {
        var name = host.Split('.')[0];
        return $"{{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {{name: {name}, namespace: {ns}}}, spec: {{host: {host}, trafficPolicy: {{{policy.ReplaceLineEndings(" ")}}}}}}}";
    }
}
