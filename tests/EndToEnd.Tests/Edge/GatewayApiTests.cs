using MeshOrleans.EndToEnd.Tests.Conformance;

namespace MeshOrleans.EndToEnd.Tests.Edge;

/// <summary>The Gateway API: one HTTPRoute at a Gateway and at a Service of the mesh.</summary>
public sealed class GatewayApiTests(EdgeMesh mesh) : IClassFixture<EdgeMesh>
{
    private const string Gateway = """
        {apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: ingress, namespace: istio-system}, spec: {gatewayClassName: mesh, listeners: [
          {name: http, port: 80, protocol: HTTP, hostname: "*.example", allowedRoutes: {namespaces: {from: All}}},
          {name: https, port: 443, protocol: HTTPS, hostname: "*.example", tls: {certificateRefs: [{name: cred}]}, allowedRoutes: {namespaces: {from: All}}}]}}
        """;

    private const string Routes = """
        {apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: shop, namespace: app}, spec: {hostnames: [b.example], parentRefs: [{name: ingress, namespace: istio-system}, {group: "", kind: Service, name: b}], rules: [
          {backendRefs: [{name: b, port: 80}]},
          {matches: [{path: {value: /c}}], backendRefs: [{name: c, port: 80}]},
          {matches: [{path: {value: /gone}}], backendRefs: [{name: nobody, port: 80}]},
          {matches: [{path: {value: /old}}], filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}]}]}}
        ---
        {apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: exact, namespace: app}, spec: {hostnames: [b.example], parentRefs: [{name: ingress, namespace: istio-system}, {group: "", kind: Service, name: b}], rules: [
          {matches: [{path: {type: Exact, value: /c/exact}}, {path: {value: /c}, method: POST}], backendRefs: [{name: b, port: 80}]}]}}
        """;

    private readonly OutsideAuthority _authority = new();

    [Fact]
    public async Task An_HTTPRoute_is_followed_at_a_Gateway_and_between_sidecars_and_tells_how_it_stands()
    {
        var serial = _authority.Write(mesh.Credential, "b.example");
        var client = new OutsideClient(_authority, mesh.PlainPort, mesh.TlsPort);
        await mesh.ApplyAsync($"{Gateway}\n---\n{Routes}");
        await mesh.Ingress.WaitForPortsAsync(mesh.PlainPort, mesh.TlsPort);
        await client.ShowsAsync("b.example", serial, mesh.Ingress);

        Assert.Equal((200, "b", ""), await client.GetAsync("http://b.example/"));
        Assert.Equal((200, "b", ""), await client.GetAsync("http://b.example/cc"));
        Assert.Equal((200, "c", ""), await client.GetAsync("http://b.example/c/d"));
        Assert.Equal((200, "b", ""), await client.GetAsync("http://b.example/c/exact"));
        Assert.Equal((302, "", "http://b.example/new/x?y=1"), await client.GetAsync("http://b.example/old/x?y=1"));
        Assert.Equal(500, (await client.GetAsync("http://b.example/gone")).Code);
        Assert.Equal(404, (await client.GetAsync("http://z.example/")).Code);
        Assert.Equal((200, "c", ""), await client.GetAsync("https://b.example/c"));

        Assert.Equal("b", await CallAsync("http://b/"));
        Assert.Equal("c", await CallAsync("http://b/c"));
        Assert.Equal("b", await CallAsync("http://b/c/exact"));
        Assert.Equal(500, (await mesh.A.GetAsync("http://b/gone")).Code);

        await mesh.ControlPlane.WaitForAsync(
            "/v1/config",
            rows => rows.EnumerateArray().Where(r => r.GetProperty("status").GetString() is { Length: > 0 })
                .Select(r => $"{r.GetProperty("name")} {r.GetProperty("status")}").Order(StringComparer.Ordinal)
                .SequenceEqual(["exact Accepted", "ingress Accepted", "shop not ResolvedRefs: BackendNotFound"]),
            "the status of every resource");

        await mesh.ApplyAsync("""
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: edge, namespace: istio-system}, spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: ingress}], action: DENY, rules: [{to: [{operation: {paths: [/c/d]}}]}]}}
            """);
        Assert.Equal(403, (await client.GetAsync("http://b.example/c/d")).Code);
        Assert.Equal((200, "c", ""), await client.GetAsync("http://b.example/c/e"));
        Assert.Equal("c", await CallAsync("http://b/c/d"));
        await mesh.DeleteAsync("AuthorizationPolicy", "istio-system", "edge");

        await mesh.DeleteAsync("HTTPRoute", "app", "shop");
        await mesh.DeleteAsync("HTTPRoute", "app", "exact");
        Assert.Equal(404, (await client.GetAsync("http://b.example/")).Code);
        Assert.Equal("b", await CallAsync("http://b/c"));
        await mesh.DeleteAsync("KubernetesGateway", "istio-system", "ingress");
        await mesh.Ingress.WaitForPortsAsync();
    }

    /// <summary>The service that answers the mesh's own client.</summary>
    private async Task<string?> CallAsync(string url) =>
        (await mesh.A.GetAsync(url)).Headers.GetValueOrDefault("x-echo-service");
}
