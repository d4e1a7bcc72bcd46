using System.Net;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Edge;

/// <summary>A mesh with an edge: client a, services b and c, and a gateway in each direction. Real processes.</summary>
public sealed class EdgeMesh : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-edge-");
    private readonly List<IAsyncDisposable> _owned = [];

    public ControlPlane ControlPlane { get; private set; } = null!;

    public Member A { get; private set; } = null!;

    public GatewayMember Ingress { get; private set; } = null!;

    public GatewayMember Egress { get; private set; } = null!;

    /// <summary>What port 80 of the ingress gateway's service leads to.</summary>
    public int PlainPort { get; } = FreePort.On(IPAddress.Any);

    /// <summary>What port 443 of the ingress gateway's service leads to.</summary>
    public int TlsPort { get; } = FreePort.On(IPAddress.Any);

    /// <summary>What port 80 of the egress gateway's service leads to.</summary>
    public int EgressPort { get; } = FreePort.On(IPAddress.Any);

    /// <summary>The folder of the credential <c>cred</c>.</summary>
    public string Credential => Path.Combine(_directory.FullName, "credentials", "cred");

    public async Task InitializeAsync()
    {
        ControlPlane = await ControlPlane.StartAsync(Path.Combine(_directory.FullName, "data"));
        _owned.Add(ControlPlane);
        await ControlPlane.ApplyAsync($$$$"""
            {apiVersion: v1, kind: Service, metadata: {name: b, namespace: app}, spec: {selector: {app: b}, ports: [{name: http, port: 80, targetPort: 8080}]}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: c, namespace: app}, spec: {selector: {app: c}, ports: [{name: http, port: 80, targetPort: 8080}]}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: gw, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, ports: [{name: http, port: 80, targetPort: {{{{PlainPort}}}}}, {name: https, port: 443, targetPort: {{{{TlsPort}}}}}]}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: egw, namespace: istio-system}, spec: {selector: {istio: egressgateway}, ports: [{name: http2, port: 80, targetPort: {{{{EgressPort}}}}}]}}
            """);
        var members = await Task.WhenAll(JoinAsync("a"), JoinAsync("b"), JoinAsync("c"));
        var gateways = await Task.WhenAll(GatewayAsync("ingress"), GatewayAsync("egress"));
        (A, Ingress, Egress) = (members[0], gateways[0], gateways[1]);
        _owned.AddRange(members);
        _owned.AddRange(gateways);
        await ControlPlane.HealthyAsync();
    }

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_owned.Select(o => o.DisposeAsync().AsTask()));
        _directory.Delete(recursive: true);
    }

    /// <summary>Applies manifests and waits until every proxy has acknowledged them.</summary>
    public async Task ApplyAsync(string yaml)
    {
        await ControlPlane.ApplyAsync(yaml);
        await SettledAsync();
    }

    public async Task DeleteAsync(string kind, string ns, string name)
    {
        await ControlPlane.DeleteAsync(kind, ns, name);
        await SettledAsync();
    }

    /// <summary>Waits until every proxy has acknowledged the last revision.</summary>
    public Task SettledAsync() => ControlPlane.SettledAsync(proxies: 5, seconds: 60);

    private Task<Member> JoinAsync(string name) => Member.StartAsync(
        ControlPlane,
        _directory.FullName,
        new MemberSpec($"{name}-1", "app", name, new Dictionary<string, string> { ["app"] = name }));

    private Task<GatewayMember> GatewayAsync(string name) => GatewayMember.StartAsync(
        ControlPlane,
        _directory.FullName,
        new GatewaySpec(name, "istio-system", new Dictionary<string, string>
        {
            ["istio"] = $"{name}gateway",
            ["app"] = name,
            ["gateway.networking.k8s.io/gateway-name"] = name,
        })
        {
            Credentials = Path.Combine(_directory.FullName, "credentials"),
        });
}
