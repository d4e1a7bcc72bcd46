using System.Net;
using System.Text.Json;
using MeshOrleans.EndToEnd.Tests.Edge;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Differences;

/// <summary>
/// The mesh of the drawn rounds: a, b (v1, v2) of namespace app and o of namespace other, which are called and call, and an
/// ingress gateway. Real processes.
/// </summary>
public sealed class DrawnMesh : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-drawn-");
    private readonly OutsideAuthority _outside = new();
    private readonly List<IAsyncDisposable> _owned = [];
    private readonly List<(string Kind, string Namespace, string Name)> _applied = [];

    internal ControlPlane ControlPlane { get; private set; } = null!;

    /// <summary>The members by what they are called.</summary>
    internal IReadOnlyDictionary<string, Member> Members { get; private set; } = null!;

    internal GatewayMember Gateway { get; private set; } = null!;

    /// <summary>The port of the gateway.</summary>
    internal int EdgePort { get; } = FreePort.On(IPAddress.Any);

    /// <summary>Its port of TLS: b.example has a certificate of its own, other names of .example share one.</summary>
    internal int TlsPort { get; } = FreePort.On(IPAddress.Any);

    public async Task InitializeAsync()
    {
        var credentials = Path.Combine(_directory.FullName, "credentials");
        _outside.Write(Path.Combine(credentials, "one"), "b.example");
        _outside.Write(Path.Combine(credentials, "all"), "all.example");
        ControlPlane = await ControlPlane.StartAsync(Path.Combine(_directory.FullName, "data"));
        _owned.Add(ControlPlane);
        await ControlPlane.ApplyAsync(
            $$$"""
            {{{Service("a", "app")}}}
            ---
            {{{Service("b", "app")}}}
            ---
            {{{Service("o", "other")}}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: gateway, namespace: istio-system}, spec: {selector: {app: gateway}, ports: [{name: http, port: 80, targetPort: {{{EdgePort}}}}, {name: https, port: 443, targetPort: {{{TlsPort}}}}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: gw, namespace: istio-system}, spec: {selector: {app: gateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example"]}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: tls, namespace: istio-system}, spec: {selector: {app: gateway}, servers: [{port: {number: 443, name: one, protocol: HTTPS}, hosts: ["b.example"], tls: {mode: SIMPLE, credentialName: one}}, {port: {number: 443, name: all, protocol: HTTPS}, hosts: ["c.example", "d.example"], tls: {mode: SIMPLE, credentialName: all}}]}}
            """);
        var joining = new[] { JoinAsync("a", "app", "v1"), JoinAsync("b", "app", "v1"), JoinAsync("b", "app", "v2"), JoinAsync("o", "other", "v1") };
        Gateway = await GatewayMember.StartAsync(
            ControlPlane,
            _directory.FullName,
            new GatewaySpec("gateway", "istio-system", new Dictionary<string, string> { ["app"] = "gateway" }) { Credentials = credentials });
        _owned.Add(Gateway);
        Members = (await Task.WhenAll(joining)).ToDictionary(m => m.Spec.Name);
        _owned.AddRange(Members.Values);
        await ControlPlane.HealthyAsync();
    }

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_owned.Select(o => o.DisposeAsync().AsTask()));
        _directory.Delete(recursive: true);
    }

    /// <summary>Takes the last configuration away and puts another one in its place; every proxy has it afterwards.</summary>
    /// <returns>Why it is refused; empty when it is not.</returns>
    internal async Task<string> ReplaceAsync(string yaml)
    {
        foreach (var (kind, ns, name) in _applied) await ControlPlane.DeleteAsync(kind, ns, name);
        _applied.Clear();
        using var response = await ControlPlane.TryApplyAsync(yaml);
        var text = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode) return text;
        foreach (var change in JsonSerializer.Deserialize<JsonElement>(text).GetProperty("changes").EnumerateArray())
        {
            _applied.Add((change.GetProperty("kind").GetString()!, change.GetProperty("namespace").GetString()!, change.GetProperty("name").GetString()!));
        }

        await ControlPlane.SettledAsync(Members.Count + 1);
        await (yaml.Contains("istio-system/gw", StringComparison.Ordinal) ? Gateway.WaitForPortsAsync(EdgePort, TlsPort) : Task.CompletedTask);
        return "";
    }

    private static string Service(string name, string ns) =>
        $$$"""{apiVersion: v1, kind: Service, metadata: {name: {{{name}}}, namespace: {{{ns}}}}, spec: {selector: {app: {{{name}}}}, ports: [{name: http, port: 80, targetPort: 8080}]}}""";

    private Task<Member> JoinAsync(string name, string ns, string version) => Member.StartAsync(
        ControlPlane,
        _directory.FullName,
        new MemberSpec(
            name == "b" ? $"b-{version}" : name,
            ns,
            name,
            new Dictionary<string, string> { ["app"] = name, ["version"] = version },
            version));
}
