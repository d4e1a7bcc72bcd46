using System.Net;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Edge;

/// <summary>TLSRoutes and TCPRoutes of the Gateway API: connections that come in through a gateway.</summary>
public sealed class ConnectionRouteTests(EdgeMesh mesh) : IClassFixture<EdgeMesh>
{
    private readonly OutsideAuthority _authority = new();
    private readonly int _bytesPort = FreePort.On(IPAddress.Any);

    private string Gateway => $$$$"""
        {apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: ingress, namespace: istio-system}, spec: {gatewayClassName: mesh, listeners: [
          {name: through, port: 443, protocol: TLS, hostname: "*.example", tls: {mode: Passthrough}, allowedRoutes: {namespaces: {from: All}}},
          {name: ended, port: 443, protocol: TLS, hostname: "*.end", tls: {certificateRefs: [{name: cred}]}, allowedRoutes: {namespaces: {from: All}}},
          {name: bytes, port: {{{{_bytesPort}}}}, protocol: TCP, allowedRoutes: {namespaces: {from: All}}}]}}
        """;

    [Fact]
    public async Task TLS_goes_through_by_its_name_or_ends_and_bytes_take_the_port_that_is_theirs()
    {
        var ended = _authority.Write(mesh.Credential, "b.end", "c.end");
        using var one = _authority.Issue("one.example", "zzz.example");
        using var other = _authority.Issue("one.example", "other.example");
        using var first = new OutsideServer(one);
        using var second = new OutsideServer(other);
        var tls = new OutsideClient(_authority, mesh.PlainPort, mesh.TlsPort);
        var bytes = new OutsideClient(_authority, _bytesPort, _bytesPort);
        await mesh.ApplyAsync(string.Join(
            "\n---\n",
            Gateway,
            Server("first", first.Port),
            Server("second", second.Port),
            Route("TLSRoute", "one", "through", "[one.example]", "{name: first, port: 443}"),
            Route("TLSRoute", "rest", "through", "", "{name: second, port: 443}"),
            Route("TLSRoute", "b", "ended", "[b.end]", "{name: b, port: 80}"),
            Route("TCPRoute", "c", "ended", "", "{name: c, port: 80}"),
            Route("TCPRoute", "bytes", "bytes", "", "{name: b, port: 80}")));
        await mesh.Ingress.WaitForPortsAsync(mesh.TlsPort, _bytesPort);
        await tls.ShowsAsync("b.end", ended, mesh.Ingress);

        Assert.Equal(one.SerialNumber, await tls.SerialAsync("one.example"));
        Assert.Equal(other.SerialNumber, await tls.SerialAsync("other.example"));
        await Assert.ThrowsAnyAsync<IOException>(() => tls.SerialAsync("one.example.org"));
        Assert.Equal((200, "b", ""), await tls.GetAsync("https://b.end/"));
        Assert.Equal((200, "c", ""), await tls.GetAsync("https://c.end/"));
        Assert.Equal((200, "b", ""), await bytes.GetAsync("http://whatever.example/"));

        await mesh.ControlPlane.WaitForAsync(
            "/v1/config",
            rows => rows.EnumerateArray().Where(r => r.GetProperty("status").GetString() is { Length: > 0 })
                .All(r => r.GetProperty("status").GetString() == "Accepted"),
            "routes and a Gateway that are all accepted");

        await mesh.ApplyAsync(Route("TCPRoute", "bytes", "bytes", "", "{name: first, port: 443}"));
        Assert.Equal(one.SerialNumber, await bytes.SerialAsync("zzz.example"));
        await mesh.ApplyAsync(Route("TCPRoute", "bytes", "bytes", "", "{name: nobody, port: 1}"));
        await Assert.ThrowsAnyAsync<IOException>(() => bytes.SerialAsync("zzz.example"));

        await mesh.DeleteAsync("TCPRoute", "app", "bytes");
        await mesh.Ingress.WaitForPortsAsync(mesh.TlsPort);
        await mesh.DeleteAsync("TLSRoute", "app", "one");
        Assert.Equal(other.SerialNumber, await tls.SerialAsync("one.example"));
        await mesh.DeleteAsync("KubernetesGateway", "istio-system", "ingress");
        await mesh.Ingress.WaitForPortsAsync();
    }

    /// <summary>A service whose only member is a server outside of the mesh.</summary>
    private static string Server(string name, int port) => $$$$"""
        {apiVersion: v1, kind: Service, metadata: {name: {{{{name}}}}, namespace: app}, spec: {selector: {app: {{{{name}}}}}, ports: [{name: tls, port: 443, targetPort: {{{{port}}}}}]}}
        ---
        {apiVersion: networking.istio.io/v1, kind: WorkloadEntry, metadata: {name: {{{{name}}}}, namespace: app}, spec: {address: 127.0.0.1, labels: {app: {{{{name}}}}}}}
        """;

    private static string Route(string kind, string name, string listener, string hostnames, string backend) =>
        $"{{apiVersion: gateway.networking.k8s.io/v1alpha2, kind: {kind}, metadata: {{name: {name}, namespace: app}}, spec: {{"
            + $"parentRefs: [{{name: ingress, namespace: istio-system, sectionName: {listener}}}], "
            + (hostnames.Length > 0 ? $"hostnames: {hostnames}, " : "") + $"rules: [{{backendRefs: [{backend}]}}]}}}}";
}
