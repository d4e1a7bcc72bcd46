using System.Net.Http.Json;
using System.Text.Json;
using MeshOrleans.EndToEnd.Tests.Conformance;

namespace MeshOrleans.EndToEnd.Tests.Edge;

/// <summary>What explain says of what goes through gateways, beside what real gateways do with the very same.</summary>
public sealed class EdgeExplainTests(EdgeMesh mesh) : IClassFixture<EdgeMesh>
{
    private const string Api = "apiVersion: networking.istio.io/v1";

    private const string Rules =
        $$$$"""
        {{{{{Api}}}}, kind: Gateway, metadata: {name: gw, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["plain.example"]}, {port: {number: 80, name: moved, protocol: HTTP}, hosts: ["b.example"], tls: {httpsRedirect: true}}, {port: {number: 443, name: https, protocol: HTTPS}, hosts: ["app/*.example"], tls: {mode: SIMPLE, credentialName: cred}}]}}
        ---
        {{{{{Api}}}}, kind: VirtualService, metadata: {name: first, namespace: app}, spec: {hosts: [b.example, plain.example], gateways: [istio-system/gw], http: [
          {match: [{uri: {prefix: /one}}], route: [{destination: {host: b}}]},
          {match: [{uri: {prefix: /direct}}], directResponse: {status: 418}},
          {match: [{uri: {prefix: /lost}}], route: [{destination: {host: nobody}}]},
          {match: [{uri: {prefix: /fault}}], fault: {abort: {percentage: {value: 100}, httpStatus: 507}}, route: [{destination: {host: b}}]}]}}
        ---
        {{{{{Api}}}}, kind: VirtualService, metadata: {name: second, namespace: app}, spec: {hosts: [b.example], gateways: [istio-system/gw], http: [{match: [{uri: {prefix: /one/c}}], directResponse: {status: 500}}, {match: [{scheme: {exact: https}, uri: {prefix: /two}}], rewrite: {uri: /three}, route: [{destination: {host: c}}]}]}}
        ---
        {apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: app}, spec: {mtls: {mode: STRICT}}}
        ---
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: edge, namespace: istio-system}, spec: {selector: {matchLabels: {istio: ingressgateway}}, action: DENY, rules: [{to: [{operation: {paths: ["*/closed"]}}]}, {from: [{source: {notRemoteIpBlocks: [127.0.0.0/8]}}]}]}}
        ---
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: c, namespace: app}, spec: {selector: {matchLabels: {app: c}}, rules: [{from: [{source: {namespaces: [istio-system]}}], to: [{operation: {paths: [/three]}}]}]}}
        """;

    private static readonly (string Url, int Status, string Service)[] Requests =
    [
        ("http://plain.example/one", 200, "b"),
        ("http://plain.example/none", 404, ""),
        ("http://plain.example/lost", 503, ""),
        ("http://plain.example/fault", 507, ""),
        ("http://b.example/one?x=1", 301, ""),
        ("http://other.example/one", 404, ""),
        ("https://b.example/one", 200, "b"),
        ("https://b.example/one/c", 200, "b"),
        ("https://b.example/one/closed", 403, ""),
        ("https://b.example/one/./x/../closed", 403, ""),
        ("https://b.example/two", 200, "c"),
        ("https://b.example/two/x", 403, "c"),
        ("https://b.example/direct", 418, ""),
        ("https://c.example/one", 404, ""),
    ];

    private readonly OutsideAuthority _authority = new();

    [Fact]
    public async Task Explain_says_of_every_request_from_outside_what_gateway_and_sidecar_do_with_it()
    {
        var serial = _authority.Write(mesh.Credential, "b.example", "c.example");
        var client = new OutsideClient(_authority, mesh.PlainPort, mesh.TlsPort);
        await mesh.ApplyAsync(Rules);
        await mesh.Ingress.WaitForPortsAsync(mesh.PlainPort, mesh.TlsPort);
        await client.ShowsAsync("b.example", serial, mesh.Ingress);
        var wrong = new List<string>();

        foreach (var (url, status, service) in Requests)
        {
            var (code, reached, location) = await client.GetAsync(url);
            var told = await EnterAsync(url);
            var verdict = told.GetProperty("verdict");
            var said = verdict.GetProperty("status").GetInt32();
            var reason = verdict.GetProperty("reason").GetString()!;
            var isSame = code == status
                && said == status
                && verdict.GetProperty("isCertain").GetBoolean()
                && (status != 200 || (reached == service && reason.Contains($"app/{service}-1", StringComparison.Ordinal)))
                && (status != 301 || reason == $"is sent to {location}");
            if (!isSame) wrong.Add($"{url}: expected {status} {service}, proxies {code} {reached} {location}, explain {said} {reason}");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        var stranger = await EnterAsync("https://b.example.org/");
        await Assert.ThrowsAnyAsync<IOException>(() => client.SerialAsync("b.example.org"));
        Assert.Equal("Closed", stranger.GetProperty("verdict").GetProperty("outcome").GetString());
        await DeleteAsync(
            "Gateway/istio-system/gw", "VirtualService/app/first", "VirtualService/app/second", "PeerAuthentication/app/default",
            "AuthorizationPolicy/istio-system/edge", "AuthorizationPolicy/app/c");
    }

    [Fact]
    public async Task Explain_follows_a_call_out_through_the_egress_gateway()
    {
        using var certificate = _authority.Issue("out.example");
        using var server = new OutsideServer(certificate);
        await mesh.ApplyAsync($$$$"""
            {{{{{Api}}}}, kind: ServiceEntry, metadata: {name: out, namespace: app}, spec: {hosts: [out.example], location: MESH_EXTERNAL, resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: https, protocol: HTTPS}], endpoints: [{address: 127.0.0.1, ports: {http: {{{{server.Port}}}}, https: {{{{server.Port}}}}}}]}}
            ---
            {{{{{Api}}}}, kind: Gateway, metadata: {name: egw, namespace: istio-system}, spec: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: https-mesh, protocol: HTTPS}, hosts: [out.example], tls: {mode: ISTIO_MUTUAL}}]}}
            ---
            {{{{{Api}}}}, kind: DestinationRule, metadata: {name: egw, namespace: app}, spec: {host: egw.istio-system.svc.cluster.local, subsets: [{name: out, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: out.example}}}]}}
            ---
            {{{{{Api}}}}, kind: DestinationRule, metadata: {name: out, namespace: app}, spec: {host: out.example, trafficPolicy: {portLevelSettings: [{port: {number: 443}, tls: {mode: SIMPLE, insecureSkipVerify: true}}]}}}
            ---
            {{{{{Api}}}}, kind: VirtualService, metadata: {name: out, namespace: app}, spec: {hosts: [out.example], gateways: [mesh, istio-system/egw], http: [{match: [{gateways: [mesh], port: 80}], route: [{destination: {host: egw.istio-system.svc.cluster.local, subset: out, port: {number: 80}}}]}, {match: [{gateways: [istio-system/egw], port: 80}], route: [{destination: {host: out.example, port: {number: 443}}}]}]}}
            ---
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: out, namespace: istio-system}, spec: {selector: {matchLabels: {istio: egressgateway}}, action: DENY, rules: [{to: [{operation: {paths: [/secret]}}]}]}}
            """);
        await mesh.Egress.WaitForPortsAsync(mesh.EgressPort);

        foreach (var (path, status) in new[] { ("/way/out", 200), ("/secret", 403) })
        {
            var answer = await mesh.A.GetAsync($"http://out.example{path}");
            var told = await AskAsync(new { from = "app/a-1", to = "out.example", path });

            Assert.Equal((status, status), (answer.Code, told.GetProperty("verdict").GetProperty("status").GetInt32()));
            var hop = told.GetProperty("clusters")[0].GetProperty("inbound")[0];
            Assert.Equal(("istio-system/egress", "mutualTls"), (hop.GetProperty("workloads")[0].GetString(), hop.GetProperty("transport").GetString()));
            Assert.Equal("ends mesh mTLS", hop.GetProperty("gateway").GetProperty("tls").GetString());
        }

        await DeleteAsync("Gateway/istio-system/egw");
        await mesh.Egress.WaitForPortsAsync();
        var lost = await AskAsync(new { from = "app/a-1", to = "out.example", path = "/way/out" });
        Assert.Equal(503, (await mesh.A.GetAsync("http://out.example/way/out")).Code);
        Assert.Equal(503, lost.GetProperty("verdict").GetProperty("status").GetInt32());
        await DeleteAsync(
            "VirtualService/app/out", "DestinationRule/app/out", "DestinationRule/app/egw", "ServiceEntry/app/out",
            "AuthorizationPolicy/istio-system/out");
    }

    private Task<JsonElement> EnterAsync(string url)
    {
        var rest = url[(url.IndexOf("//", StringComparison.Ordinal) + 2)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        return AskAsync(new
        {
            gateway = "istio-system/gw",
            protocol = url.StartsWith("https", StringComparison.Ordinal) ? "https" : "http",
            to = rest[..slash],
            path = new Uri(url).PathAndQuery,
            clientAddress = "127.0.0.1",
        });
    }

    private async Task<JsonElement> AskAsync(object question)
    {
        using var response = await mesh.ControlPlane.Api.PostAsJsonAsync("/v1/explain", question);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    private async Task DeleteAsync(params string[] keys)
    {
        foreach (var key in keys)
        {
            if (key.Split('/') is [var kind, var ns, var name]) await mesh.ControlPlane.DeleteAsync(kind, ns, name);
        }

        await mesh.SettledAsync();
    }
}
