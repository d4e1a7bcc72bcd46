using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>T24 and T27 of the conformance cases.</summary>
[Collection(nameof(ConformanceMesh))]
public sealed class SecurityTests(ConformanceMesh mesh)
{
    private const string Precedence = """
        {apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: istio-system}, spec: {mtls: {mode: STRICT}}}
        ---
        {apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: app}, spec: {mtls: {mode: PERMISSIVE}}}
        ---
        {apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: b, namespace: app}, spec: {selector: {matchLabels: {app: b}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: DISABLE}}}}
        """;

    private const string Allow = """
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: allow, namespace: app}, spec: {selector: {matchLabels: {app: b}}, rules: [{from: [{source: {principals: ["cluster.local/ns/app/sa/a"]}}], to: [{operation: {methods: [GET], paths: ["/allow*"]}}]}]}}
        """;

    private const string Deny = """
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: deny, namespace: app}, spec: {selector: {matchLabels: {app: b}}, action: DENY, rules: [{to: [{operation: {paths: ["/allow/admin"]}}]}]}}
        """;

    [Fact]
    public async Task T24_a_plaintext_caller_is_let_in_where_the_nearest_policy_permits_it()
    {
        await using var rules = await mesh.WithAsync(Precedence);

        Assert.StartsWith("HTTP/1.1 200", await PlainAsync(mesh.C, mesh.C.InboundPort), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", await PlainAsync(mesh.B1, mesh.B1.InboundPorts[8080]), StringComparison.Ordinal);
        Assert.Equal("", await PlainAsync(mesh.B1, mesh.B1.InboundPorts[9000]));
        Assert.Equal("", await PlainAsync(mesh.D, mesh.D.InboundPort));
    }

    [Fact]
    public async Task T24_a_meshed_caller_reaches_everything()
    {
        await using var rules = await mesh.WithAsync(Precedence);

        var b = await mesh.A.GetAsync("http://b/");
        var c = await mesh.A.GetAsync("http://c/");
        var d = await mesh.A.GetAsync("http://d.other/");

        Assert.Equal((200, 200, 200), (b.Code, c.Code, d.Code));
        Assert.False(b.Echo.GetProperty("headers").TryGetProperty("x-forwarded-client-cert", out _), "b:8080 must be plaintext.");
        Assert.Contains(
            "URI=spiffe://cluster.local/ns/app/sa/a",
            c.Echo.GetProperty("headers").GetProperty("x-forwarded-client-cert").GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task T24_port_level_settings_are_keyed_by_the_workload_port_not_the_service_port()
    {
        await using var rules = await mesh.WithAsync("""
            {apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: c, namespace: app}, spec: {selector: {matchLabels: {app: c}}, mtls: {mode: STRICT}, portLevelMtls: {80: {mode: DISABLE}}}}
            """);

        Assert.Equal("", await PlainAsync(mesh.C, mesh.C.InboundPort));
        Assert.Equal(200, (await mesh.A.GetAsync("http://c/")).Code);
    }

    [Fact]
    public async Task T24_without_policies_plaintext_and_mtls_both_work()
    {
        Assert.StartsWith("HTTP/1.1 200", await PlainAsync(mesh.C, mesh.C.InboundPort), StringComparison.Ordinal);
        Assert.Equal(200, (await mesh.A.GetAsync("http://c/")).Code);
    }

    [Theory]
    [InlineData("GET", "/allow/x", 200)]
    [InlineData("GET", "/allow/admin", 403)]
    [InlineData("POST", "/allow/x", 403)]
    [InlineData("GET", "/other", 403)]
    [InlineData("GET", "/x/../allow/admin", 403)]
    [InlineData("GET", "/x/%2e%2e/allow/admin", 403)]
    public async Task T27_deny_comes_first_and_what_no_allow_names_is_denied(string method, string path, int code)
    {
        await using var rules = await mesh.WithAsync($"{Allow}\n---\n{Deny}");

        var answer = await mesh.A.SendAsync(new HttpMethod(method), $"http://b{path}");

        Assert.Equal(code, answer.Code);
        if (code == 403) Assert.Equal("RBAC: access denied", answer.Body);
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("delete")]
    [InlineData("Delete")]
    public async Task A_denied_method_is_denied_however_it_is_spelt(string method)
    {
        await using var rules = await mesh.WithAsync("""
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: keep, namespace: app}, spec: {selector: {matchLabels: {app: c}}, action: DENY, rules: [{to: [{operation: {methods: [DELETE]}}]}]}}
            """);

        var heard = await Plaintext.SendAsync(mesh.C.Address, mesh.C.InboundPort, method);

        Assert.StartsWith("HTTP/1.1 403", heard, StringComparison.Ordinal);
    }

    [Fact]
    public async Task T27_another_identity_is_denied()
    {
        await using var rules = await mesh.WithAsync($"{Allow}\n---\n{Deny}");

        Assert.Equal(403, (await mesh.O.GetAsync("http://b.app/allow/x")).Code);
    }

    [Fact]
    public async Task T27_an_empty_policy_denies_everything_in_its_namespace()
    {
        await using var rules = await mesh.WithAsync(
            "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: nothing, namespace: app}, spec: {}}");

        Assert.Equal(403, (await mesh.A.GetAsync("http://b/")).Code);
        Assert.Equal(403, (await mesh.A.GetAsync("http://c/")).Code);
        Assert.Equal(200, (await mesh.A.GetAsync("http://d.other/")).Code);
    }

    [Fact]
    public async Task T27_an_empty_rule_allows_everything()
    {
        await using var rules = await mesh.WithAsync(
            "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: all, namespace: app}, spec: {rules: [{}]}}");

        Assert.Equal(200, (await mesh.O.GetAsync("http://b.app/anything")).Code);
    }

    [Fact]
    public async Task T27_a_denial_of_the_root_namespace_holds_everywhere()
    {
        await using var rules = await mesh.WithAsync(
            "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: root, namespace: istio-system}, spec: {action: DENY, rules: [{to: [{operation: {paths: [\"/secret\"]}}]}]}}");

        Assert.Equal(403, (await mesh.A.GetAsync("http://b/secret")).Code);
        Assert.Equal(403, (await mesh.A.GetAsync("http://d.other/secret")).Code);
        Assert.Equal(200, (await mesh.A.GetAsync("http://d.other/open")).Code);
    }

    [Fact]
    public async Task T27_a_dry_run_denies_nothing()
    {
        var dryRun = Deny.Replace("{name: deny,", "{name: deny, annotations: {istio.io/dry-run: \"true\"},", StringComparison.Ordinal);
        await using var rules = await mesh.WithAsync($"{Allow}\n---\n{dryRun}");

        Assert.Equal(200, (await mesh.A.GetAsync("http://b/allow/admin")).Code);
    }

    private static Task<string> PlainAsync(Member member, int port) => Plaintext.GetAsync(member.Address, port);
}
