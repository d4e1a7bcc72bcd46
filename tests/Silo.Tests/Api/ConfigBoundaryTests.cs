#if !MESH_ENGINE_ORLEANS
using System.Net;

namespace MeshOrleans.Silo.Tests.Api;

/// <summary>What an operator of one namespace may write in it, where it would count for other namespaces.</summary>
public sealed class ConfigBoundaryTests : IDisposable
{
    private const string Networking = "apiVersion: networking.istio.io/v1";

    private readonly LoginIssuer _issuer = new();

    [Theory]
    [InlineData("payments.pay.svc.cluster.local", 403)]
    [InlineData("Payments.PAY.svc.cluster.local", 403)]
    [InlineData("payments.pay.svc", 403)]
    [InlineData("payments.pay", 403)]
    [InlineData("later.pay", 403)]
    [InlineData("pod-0.payments.pay", 403)]
    [InlineData("later.unknown.svc.cluster.local", 403)]
    [InlineData("10.96.0.10", 403)]
    [InlineData("*.pay.svc.cluster.local", 403)]
    [InlineData("*.svc.cluster.local", 403)]
    [InlineData("*.cluster.local", 403)]
    [InlineData("*.local", 403)]
    [InlineData("*.svc", 403)]
    [InlineData("*.pay", 403)]
    [InlineData("cart", 200)]
    [InlineData("cart.shop", 200)]
    [InlineData("cart.shop.svc.cluster.local", 200)]
    [InlineData("*.shop.svc.cluster.local", 200)]
    [InlineData("cart.both.svc.cluster.local", 200)]
    [InlineData("api.example.com", 200)]
    [InlineData("api.example.pay", 200)]
    [InlineData("*.example.com", 200)]
    [InlineData("*.com", 200)]
    public async Task A_VirtualService_of_the_mesh_binds_hosts_of_its_own_or_outside(string host, int expected)
    {
        await using var host1 = await StartAsync();

        var (status, detail) = await ApplyAsync(host1, "shop", Route(host));

        Assert.True(status == expected, $"{status}: {detail}");
        if (expected == 200) return;
        Assert.Contains($"'{host}'", detail, StringComparison.Ordinal);
        Assert.Contains("role operator", detail, StringComparison.Ordinal);
        Assert.Equal(200, (await ApplyAsync(host1, "all", Route(host))).Status);
    }

    [Theory]
    [InlineData("hosts: [payments.pay.svc.cluster.local], exportTo: [\".\"]", 200)]
    [InlineData("hosts: [\"*.svc.cluster.local\"], exportTo: [shop]", 200)]
    [InlineData("hosts: [payments.pay.svc.cluster.local], exportTo: [\".\", pay]", 403)]
    [InlineData("hosts: [payments.pay.svc.cluster.local], exportTo: [\"*\"]", 403)]
    [InlineData("hosts: [payments.pay.svc.cluster.local], gateways: [edge]", 403)]
    [InlineData("hosts: [\"*\"], gateways: [edge]", 200)]
    public async Task What_counts_in_its_own_namespace_only_may_bind_them(string spec, int expected)
    {
        await using var host = await StartAsync();

        var (status, detail) = await ApplyAsync(host, "shop", $$"""
            {{{Networking}}, kind: VirtualService, metadata: {name: v, namespace: shop}, spec: { {{spec}}, http: [{route: [{destination: {host: cart} }]}]} }
            """);

        Assert.True(status == expected, $"{status}: {detail}");
    }

    [Theory]
    [InlineData("DestinationRule", "host: payments.pay.svc.cluster.local", 403)]
    [InlineData("DestinationRule", "host: \"*.local\"", 403)]
    [InlineData("DestinationRule", "host: cart", 200)]
    [InlineData("DestinationRule", "host: payments.pay.svc.cluster.local, exportTo: [\".\"]", 200)]
    [InlineData("ServiceEntry", "hosts: [payments.pay.svc.cluster.local], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE", 403)]
    [InlineData("ServiceEntry", "hosts: [payments], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE", 403)]
    [InlineData("ServiceEntry", "hosts: [a.example.com], addresses: [10.96.0.0/24], ports: [{number: 80, name: http, protocol: TCP}], resolution: STATIC, endpoints: [{address: 10.2.2.2}]", 403)]
    [InlineData("ServiceEntry", "hosts: [a.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE", 200)]
    [InlineData("Gateway", "selector: {app: edge}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [\"*/payments.pay.svc.cluster.local\"]}]", 403)]
    [InlineData("Gateway", "selector: {app: edge}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [\"*\"]}]", 200)]
    public async Task The_same_holds_for_all_kinds_with_hosts(string kind, string spec, int expected)
    {
        await using var host = await StartAsync();

        var (status, detail) = await ApplyAsync(
            host, "shop", $"{{{Networking}, kind: {kind}, metadata: {{name: v, namespace: shop}}, spec: {{{spec}}}}}");

        Assert.True(status == expected, $"{status}: {detail}");
    }

    [Theory]
    [InlineData("VirtualService", "hosts: [bank.example.com]", 403)]
    [InlineData("VirtualService", "hosts: [Bank.example.com.]", 403)]
    [InlineData("VirtualService", "hosts: [\"*.example.com\"]", 403)]
    [InlineData("VirtualService", "hosts: [a.wild.test]", 403)]
    [InlineData("VirtualService", "hosts: [\"*.a.wild.test\"]", 403)]
    [InlineData("VirtualService", "hosts: [hidden.example.org]", 403)]
    [InlineData("VirtualService", "hosts: [10.7.0.9]", 403)]
    [InlineData("VirtualService", "hosts: [bank.example.com], exportTo: [\".\"]", 200)]
    [InlineData("VirtualService", "hosts: [bank.example.com], gateways: [edge]", 200)]
    [InlineData("VirtualService", "hosts: [bank.example.net]", 200)]
    [InlineData("DestinationRule", "host: bank.example.com", 403)]
    [InlineData("DestinationRule", "host: bank.example.com, exportTo: [\".\"]", 200)]
    [InlineData("ServiceEntry", "hosts: [bank.example.com], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS", 200)]
    [InlineData("ServiceEntry", "hosts: [a.test], addresses: [10.7.0.0/16], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE", 403)]
    [InlineData("ServiceEntry", "hosts: [a.test], addresses: [10.7.0.9], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE", 403)]
    [InlineData("ServiceEntry", "hosts: [a.test], addresses: [0.0.0.0/0], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE", 403)]
    [InlineData("ServiceEntry", "hosts: [a.test], addresses: [10.8.0.9], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE", 200)]
    [InlineData("ServiceEntry", "hosts: [a.test], addresses: [10.7.0.9], exportTo: [\".\"], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE", 200)]
    [InlineData("ServiceEntry", "hosts: [a.test], ports: [{number: 5432, name: db, protocol: TCP}], resolution: DNS", 403)]
    [InlineData("ServiceEntry", "hosts: [a.test], exportTo: [\".\"], ports: [{number: 5432, name: db, protocol: TCP}], resolution: DNS", 200)]
    [InlineData("ServiceEntry", "hosts: [a.test], addresses: [10.8.0.9], ports: [{number: 5432, name: db, protocol: TCP}], resolution: DNS", 200)]
    public async Task Hosts_and_addresses_of_entries_of_others_are_theirs(string kind, string spec, int expected)
    {
        await using var host = await StartAsync();
        var (applied, fault) = await ApplyAsync(host, "all", $$"""
            {{{Networking}}, kind: ServiceEntry, metadata: {name: bank, namespace: pay}, spec: {hosts: [bank.example.com], addresses: [10.7.0.0/24], ports: [{number: 443, name: tls, protocol: TLS}], resolution: NONE} }
            ---
            {{{Networking}}, kind: ServiceEntry, metadata: {name: hidden, namespace: pay}, spec: {hosts: [hidden.example.org], exportTo: ["."], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS} }
            ---
            {{{Networking}}, kind: ServiceEntry, metadata: {name: wild, namespace: pay}, spec: {hosts: ["*.wild.test"], ports: [{number: 443, name: tls, protocol: TLS}], resolution: NONE} }
            """);
        Assert.True(applied == 200, fault);
        var route = kind == "VirtualService" ? ", http: [{route: [{destination: {host: cart}}]}]" : "";

        var (status, detail) = await ApplyAsync(
            host, "shop", $"{{{Networking}, kind: {kind}, metadata: {{name: v, namespace: shop}}, spec: {{{spec}{route}}}}}");

        Assert.True(status == expected, $"{status}: {detail}");
    }

    [Theory]
    [InlineData("payments.pay.svc.cluster.local", 403)]
    [InlineData("shop.example.com", 200)]
    public async Task Routes_of_the_Gateway_API_too(string name, int expected)
    {
        await using var host = await StartAsync();

        var (status, detail) = await ApplyAsync(host, "shop", $$"""
            {apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: shop}, spec: {parentRefs: [{name: edge}], hostnames: [{{name}}], rules: [{backendRefs: [{name: cart, port: 80}]}] } }
            """);

        Assert.True(status == expected, $"{status}: {detail}");
    }

    [Theory]
    [InlineData("istio-system")]
    [InlineData("roots")]
    public async Task In_the_root_namespace_only_operators_of_the_mesh_write(string root)
    {
        await using var host = await StartAsync();
        await ApplyAsync(host, "all", "{apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {rootNamespace: roots}}");
        var policy = $"{{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {{name: p, namespace: {root}}}, spec: {{mtls: {{mode: DISABLE}}}}}}";

        var (status, detail) = await ApplyAsync(host, "roots", policy);

        Assert.True(status == 403, $"{status}: {detail}");
        Assert.Contains($"root namespace '{root}'", detail, StringComparison.Ordinal);
        Assert.Equal(200, (await ApplyAsync(host, "all", policy)).Status);
        Assert.Equal(403, (await CallAsync(host, "roots", "DELETE", $"/v1/config/PeerAuthentication/{root}/p", "")).Status);
    }

    public void Dispose() => _issuer.Dispose();

    private static string Route(string host) => $$"""
        {{{Networking}}, kind: VirtualService, metadata: {name: v, namespace: shop}, spec: {hosts: ["{{host}}"], http: [{route: [{destination: {host: cart} }]}]} }
        """;

    private Task<(int Status, string Detail)> ApplyAsync(ApiHost host, string group, string manifest) =>
        CallAsync(host, group, "POST", "/v1/config", manifest);

    private async Task<(int Status, string Detail)> CallAsync(ApiHost host, string group, string method, string path, string body)
    {
        var (status, answer) = await LoginIssuer.CallAsync(host, method, path, _issuer.Token(host, group), body);
        var detail = status is HttpStatusCode.OK ? "" : answer.GetRawText();
        return ((int)status, detail.Replace("\\u0027", "'", StringComparison.Ordinal));
    }

    private async Task<ApiHost> StartAsync()
    {
        var host = await ApiHost.StartAsync($$"""
            issuers:
            - {{_issuer.Entry}}
            bindings:
            - {role: operator, namespaces: [shop, both], subjects: [{claim: groups, value: shop}]}
            - {role: operator, namespaces: [roots, istio-system], subjects: [{claim: groups, value: roots}]}
            - {role: operator, subjects: [{claim: groups, value: all}]}
            """);
        var (status, detail) = await ApplyAsync(
            host, "all", "{apiVersion: v1, kind: Service, metadata: {name: payments, namespace: pay}, spec: {clusterIP: 10.96.0.10, ports: [{port: 80}]}}");
        Assert.True(status == 200, detail);
        return host;
    }
}
#endif
