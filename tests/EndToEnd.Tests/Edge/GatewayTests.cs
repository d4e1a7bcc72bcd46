using MeshOrleans.EndToEnd.Tests.Conformance;
using MeshOrleans.Testing;

namespace MeshOrleans.EndToEnd.Tests.Edge;

/// <summary>T30, the gateway's half of T15, and the way out through a gateway.</summary>
public sealed class GatewayTests(EdgeMesh mesh) : IClassFixture<EdgeMesh>
{
    private const string Gateway = """
        {apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: gw, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example"], tls: {httpsRedirect: true}}, {port: {number: 443, name: https, protocol: HTTPS}, hosts: ["app/*.example"], tls: {mode: SIMPLE, credentialName: cred}}]}}
        """;

    private static readonly string Tokens = $$$$"""
        {apiVersion: security.istio.io/v1, kind: RequestAuthentication, metadata: {name: jwt, namespace: istio-system}, spec: {selector: {matchLabels: {istio: ingressgateway}}, jwtRules: [{issuer: {{{{TestIssuer.Name}}}}, jwks: '{{{{TestIssuer.KeySet}}}}'}]}}
        """;

    private readonly OutsideAuthority _authority = new();

    private OutsideClient Client => new(_authority, mesh.PlainPort, mesh.TlsPort);

    [Fact]
    public async Task T30_a_gateway_ends_TLS_redirects_routes_and_refuses()
    {
        var serial = _authority.Write(mesh.Credential, "b.example", "zzz.example");
        await mesh.ApplyAsync($"{Gateway}\n---\n{Route("app", "b")}");
        await mesh.Ingress.WaitForPortsAsync(mesh.PlainPort, mesh.TlsPort);
        await Client.ShowsAsync("b.example", serial, mesh.Ingress);

        Assert.Equal((301, "", "https://b.example/pub?x=1"), await Client.GetAsync("http://b.example/pub?x=1"));
        Assert.Equal((200, "b", ""), await Client.GetAsync("https://b.example/pub/1"));
        Assert.Equal(404, (await Client.GetAsync("https://b.example/x")).Code); // a claim that nobody has proved
        Assert.Equal(404, (await Client.GetAsync("https://zzz.example/pub")).Code);
        await Assert.ThrowsAnyAsync<IOException>(() => Client.SerialAsync("b.example.org"));
        Assert.Equal(200, (await mesh.A.GetAsync("http://b.example/pub")).Code); // the same resource lists mesh

        var rotated = _authority.Write(mesh.Credential, "b.example", "zzz.example");
        await Client.ShowsAsync("b.example", rotated, mesh.Ingress);
        Assert.Equal((200, "b", ""), await Client.GetAsync("https://b.example/pub"));

        await mesh.DeleteAsync("VirtualService", "app", "gwb");
        await mesh.ApplyAsync(Route("other", "b.app.svc.cluster.local"));
        Assert.Equal(404, (await Client.GetAsync("https://b.example/pub")).Code); // the host is for namespace app
        await mesh.DeleteAsync("VirtualService", "other", "gwb");

        await mesh.ApplyAsync($"{Gateway.Replace("SIMPLE", "MUTUAL", StringComparison.Ordinal)}\n---\n{Route("app", "b")}");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => Client.GetAsync("https://b.example/pub"));
        using var certificate = _authority.Issue("client.example");
        Assert.Equal((200, "b", ""), await Client.GetAsync("https://b.example/pub", certificate));

        await mesh.DeleteAsync("Gateway", "istio-system", "gw");
        await mesh.Ingress.WaitForPortsAsync();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => Client.GetAsync("http://b.example/pub"));
        await mesh.DeleteAsync("VirtualService", "app", "gwb");
    }

    [Fact]
    public async Task T30_a_claim_that_is_proved_chooses_the_route()
    {
        _authority.Write(mesh.Credential, "b.example", "zzz.example");
        var plain = Gateway.Replace(", tls: {httpsRedirect: true}", "", StringComparison.Ordinal);
        await mesh.ApplyAsync($"{plain}\n---\n{Route("app", "b")}\n---\n{Tokens}");
        await mesh.Ingress.WaitForPortsAsync(mesh.PlainPort, mesh.TlsPort);

        Assert.Equal((200, "c", ""), await Client.GetAsync("http://b.example/x", token: Token("admin")));
        Assert.Equal(404, (await Client.GetAsync("http://b.example/x", token: Token("guest"))).Code);
        Assert.Equal(404, (await Client.GetAsync("http://b.example/x")).Code);
        Assert.Equal(401, (await Client.GetAsync("http://b.example/pub", token: Token("admin") + "A")).Code);
        Assert.Equal((200, "b", ""), await Client.GetAsync("http://b.example/pub", token: Token("guest")));

        await mesh.DeleteAsync("RequestAuthentication", "istio-system", "jwt");
        Assert.Equal(404, (await Client.GetAsync("http://b.example/x", token: Token("admin"))).Code);
        await mesh.DeleteAsync("VirtualService", "app", "gwb");
        await mesh.DeleteAsync("Gateway", "istio-system", "gw");
    }

    [Theory]
    [InlineData("first", "second")]
    [InlineData("second", "first")]
    public async Task T15_VirtualServices_of_one_host_are_joined(string older, string younger)
    {
        await mesh.ApplyAsync(Gateway.Replace(", tls: {httpsRedirect: true}", "", StringComparison.Ordinal));
        await mesh.ApplyAsync(Half(older));
        await mesh.ApplyAsync(Half(younger));
        await mesh.Ingress.WaitForPortsAsync(mesh.PlainPort, mesh.TlsPort);

        Assert.Equal((200, "b", ""), await Client.GetAsync("http://b.example/one"));
        Assert.Equal((200, "c", ""), await Client.GetAsync("http://b.example/two"));

        await mesh.DeleteAsync("VirtualService", "app", "first");
        await mesh.DeleteAsync("VirtualService", "app", "second");
        await mesh.DeleteAsync("Gateway", "istio-system", "gw");
    }

    [Fact]
    public async Task A_port_is_the_oldest_Gateways_and_the_apply_tells_both()
    {
        var plain = Gateway.Replace(", tls: {httpsRedirect: true}", "", StringComparison.Ordinal);
        await mesh.ApplyAsync($"{plain}\n---\n{Half("first")}");
        await mesh.Ingress.WaitForPortsAsync(mesh.PlainPort, mesh.TlsPort);

        var told = await mesh.ControlPlane.ApplyAsync("""
            {apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: bytes, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: tcp, protocol: TCP}, hosts: ["*"]}]}}
            """);
        await mesh.SettledAsync();

        Assert.Equal(
            ["warning MSH2004 Gateway/istio-system/bytes", "warning MSH2004 Gateway/istio-system/gw"],
            told.GetProperty("warnings").EnumerateArray()
                .Select(w => $"{w.GetProperty("severity")} {w.GetProperty("code")} {w.GetProperty("resource")}").Order());
        Assert.Equal((200, "b", ""), await Client.GetAsync("http://b.example/one"));

        await mesh.DeleteAsync("Gateway", "istio-system", "bytes");
        await mesh.DeleteAsync("Gateway", "istio-system", "gw");
        await mesh.DeleteAsync("VirtualService", "app", "first");
    }

    [Fact]
    public async Task A_gateway_keeps_the_limits_that_select_it()
    {
        var plain = Gateway.Replace(", tls: {httpsRedirect: true}", "", StringComparison.Ordinal);
        await mesh.ApplyAsync($$$$"""
            {{{{plain}}}}
            ---
            {{{{Half("first")}}}}
            ---
            {apiVersion: mesh.orleans.io/v1, kind: RateLimit, metadata: {name: edge, namespace: istio-system}, spec: {selector: {matchLabels: {istio: ingressgateway}}, rules: [{requests: 2, interval: 1h}]}}
            """);
        await mesh.Ingress.WaitForPortsAsync(mesh.PlainPort, mesh.TlsPort);

        var codes = new List<int>();
        for (var i = 0; i < 3; i++) codes.Add((await Client.GetAsync("http://b.example/one")).Code);

        Assert.Equal([200, 200, 429], codes);

        await mesh.DeleteAsync("RateLimit", "istio-system", "edge");
        Assert.Equal((200, "b", ""), await Client.GetAsync("http://b.example/one"));
        await mesh.DeleteAsync("Gateway", "istio-system", "gw");
        await mesh.DeleteAsync("VirtualService", "app", "first");
    }

    [Fact]
    public async Task A_call_leaves_the_mesh_through_the_egress_gateway_which_adds_the_TLS()
    {
        using var certificate = _authority.Issue("ext.example");
        using var server = new OutsideServer(certificate);
        await mesh.ApplyAsync($$$$"""
            {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: ext, namespace: app}, spec: {hosts: [ext.example], location: MESH_EXTERNAL, resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: https, protocol: HTTPS}], endpoints: [{address: 127.0.0.1, ports: {http: {{{{server.Port}}}}, https: {{{{server.Port}}}}}}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: egw, namespace: istio-system}, spec: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: https-mesh, protocol: HTTPS}, hosts: [ext.example], tls: {mode: ISTIO_MUTUAL}}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: egw, namespace: app}, spec: {host: egw.istio-system.svc.cluster.local, subsets: [{name: ext, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: ext.example}}}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: ext, namespace: app}, spec: {host: ext.example, trafficPolicy: {portLevelSettings: [{port: {number: 443}, tls: {mode: SIMPLE, insecureSkipVerify: true}}]}}}
            ---
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: ext, namespace: app}, spec: {hosts: [ext.example], gateways: [mesh, istio-system/egw], http: [{match: [{gateways: [mesh], port: 80}], route: [{destination: {host: egw.istio-system.svc.cluster.local, subset: ext, port: {number: 80}}}]}, {match: [{gateways: [istio-system/egw], port: 80}], route: [{destination: {host: ext.example, port: {number: 443}}}]}]}}
            """);
        await mesh.Egress.WaitForPortsAsync(mesh.EgressPort);

        var answer = await mesh.A.GetAsync("http://ext.example/way/out");

        Assert.Equal((200, "outside"), (answer.Code, answer.Body));
        Assert.Equal("ext.example", Assert.Single(server.ServerNames));
        var head = Assert.Single(server.Heads);
        Assert.StartsWith("get /way/out http/1.1\n", head, StringComparison.Ordinal);
        Assert.Contains("host: ext.example\n", head, StringComparison.Ordinal);

        await mesh.DeleteAsync("Gateway", "istio-system", "egw");
        await mesh.Egress.WaitForPortsAsync();
        Assert.Equal(503, (await mesh.A.GetAsync("http://ext.example/way/out")).Code); // there is no other way
        Assert.Single(server.Heads);
    }

    private static string Route(string ns, string host) => $$$"""
        {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: gwb, namespace: {{{ns}}}}, spec: {hosts: [b.example], gateways: [istio-system/gw, mesh], http: [{match: [{headers: {"@request.auth.claims[role]": {exact: admin}}, gateways: [istio-system/gw]}], route: [{destination: {host: c.app.svc.cluster.local}}]}, {match: [{uri: {prefix: /pub}}], route: [{destination: {host: {{{host}}}}}]}]}}
        """;

    private static string Half(string name) => name == "first"
        ? """
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: first, namespace: app}, spec: {hosts: [b.example], gateways: [istio-system/gw], http: [{match: [{uri: {prefix: /one}}], route: [{destination: {host: b}}]}]}}
            """
        : """
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: second, namespace: app}, spec: {hosts: [b.example], gateways: [istio-system/gw], http: [{route: [{destination: {host: c}}]}]}}
            """;

    private static string Token(string role) =>
        TestIssuer.Sign("ES256", $$"""{"iss":"{{TestIssuer.Name}}","role":"{{role}}"}""");
}
