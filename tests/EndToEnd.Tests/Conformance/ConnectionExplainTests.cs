using System.Net.Http.Json;
using System.Text.Json;

namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>What explain says of connections of bytes, beside what real sidecars do with them.</summary>
[Collection(nameof(ConformanceMesh))]
public sealed class ConnectionExplainTests(ConformanceMesh mesh)
{
    private const string Rules = """
        {apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: app}, spec: {mtls: {mode: STRICT}}}
        ---
        {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: b, namespace: app}, spec: {host: b, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}}
        ---
        {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: b, namespace: app}, spec: {hosts: [b], tcp: [{match: [{port: 9000, sourceNamespace: other}], route: [{destination: {host: b, subset: v1}}]}, {match: [{port: 9000}], route: [{destination: {host: b, subset: v2}}]}]}}
        ---
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: v1, namespace: app}, spec: {selector: {matchLabels: {app: b, version: v1}}, action: DENY, rules: [{from: [{source: {namespaces: [other]}}], to: [{operation: {ports: ["9000"]}}]}]}}
        ---
        {apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}}
        """;

    [Theory]
    [InlineData("app", "a", "b:9000", 200, true, "Forwarded")]
    [InlineData("other", "o", "b.app:9000", 200, false, "Closed")]
    [InlineData("app", "a", "192.0.2.1:9000", 502, false, "Closed")]
    public async Task Explain_says_of_a_connection_what_the_sidecars_do_with_it(
        string ns, string client, string authority, int status, bool arrives, string outcome)
    {
        await using var rules = await mesh.WithAsync(Rules);
        var member = client == "a" ? mesh.A : mesh.O;

        using var tunnel = await Tunnel.ConnectAsync(member, authority);
        var echoed = tunnel.Status == 200 ? await tunnel.ExchangeAsync("x") : "";
        using var response = await mesh.ControlPlane.Api.PostAsJsonAsync(
            "/v1/explain", new { from = $"{ns}/{member.Spec.Name}", to = authority, protocol = "tcp" });
        response.EnsureSuccessStatusCode();
        var verdict = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("verdict");

        Assert.Equal((status, arrives ? "x" : ""), (tunnel.Status, echoed));
        Assert.Equal(
            (outcome, arrives, true),
            (verdict.GetProperty("outcome").GetString(), verdict.GetProperty("reachesApplication").GetBoolean(), verdict.GetProperty("isCertain").GetBoolean()));
        Assert.Equal(JsonValueKind.Null, verdict.GetProperty("status").ValueKind);
    }
}
