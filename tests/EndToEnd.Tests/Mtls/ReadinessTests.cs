using System.Net;
using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Mtls;

/// <summary>From PERMISSIVE to STRICT with real processes: who still calls in plaintext is known before it is refused.</summary>
public sealed class ReadinessTests : IAsyncLifetime
{
    private const string Readiness = "/v1/mtls/readiness?ns=default";
    private const string Strict = "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default}, spec: {mtls: {mode: STRICT}}}";

    private readonly SmallMesh _mesh = new("mesh-readiness-");

    public async Task InitializeAsync()
    {
        _mesh.ControlPlane = await ControlPlane.StartAsync(Path.Combine(_mesh.Directory.FullName, "data"));
        await _mesh.ControlPlane.ApplyAsync(
            "{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {selector: {app: b}, ports: [{name: http, port: 80, targetPort: 8080}]}}");
        _mesh.Client = await JoinAsync("a");
        _mesh.Server = await JoinAsync("b");
        await _mesh.ControlPlane.HealthyAsync();
        await _mesh.ControlPlane.SettledAsync(2);
    }

    public Task DisposeAsync() => _mesh.EndAsync();

    [Fact]
    public async Task A_plaintext_caller_is_listed_warned_of_and_under_the_guard_in_the_way()
    {
        var plane = _mesh.ControlPlane;
        await CallAsync();
        var ready = await plane.WaitForAsync(Readiness, a => StatusOf(a) == "READY", "both sidecars watching");
        Assert.Equal((2, 2, 0), (
            ready.GetProperty("workloads").GetInt32(), ready.GetProperty("watched").GetInt32(), ready.GetProperty("callers").GetArrayLength()));
        Assert.Empty(WarningsOf(await plane.TryApplyAsync(Strict, "?dryRun=true")));

        Assert.StartsWith("HTTP/1.1 200", await PlainAsync(), StringComparison.Ordinal);
        var seen = await plane.WaitForAsync(Readiness, a => StatusOf(a) == "CALLERS", "the plaintext caller");

        // mTLS comes from the same address here, and is not among its connections
        var caller = Assert.Single(seen.GetProperty("callers").EnumerateArray());
        Assert.Equal(("b-1", 8080, "127.0.0.1", 1), (
            caller.GetProperty("workload").GetString(),
            caller.GetProperty("port").GetInt32(),
            caller.GetProperty("address").GetString(),
            caller.GetProperty("connections").GetInt32()));

        await plane.ApplyAsync(Guard("REFUSE"));
        using (var refused = await plane.TryApplyAsync(Strict))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            Assert.Contains("127.0.0.1 calls default/b-1 port 8080", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        await plane.ApplyAsync(Guard("WARN"));
        Assert.Equal(["MSH2022"], WarningsOf(await plane.TryApplyAsync(Strict)));
        await plane.SettledAsync(2);
        Assert.Equal("", await PlainAsync());
        await CallAsync();
        var knocking = await plane.WaitForAsync(
            Readiness, a => a.GetProperty("callers").EnumerateArray().Any(c => c.GetProperty("connections").GetInt32() == 2), "the refused call", 90);
        Assert.Equal("STRICT", StatusOf(knocking));
    }

    [Fact]
    public async Task What_was_seen_outlives_the_control_plane_and_the_sidecar()
    {
        await PlainAsync();
        await _mesh.ControlPlane.WaitForAsync(Readiness, a => StatusOf(a) == "CALLERS", "the plaintext caller");

        await _mesh.Server.RestartSidecarAsync();
        var former = GatewaysOf(await _mesh.ControlPlane.GetAsync("/v1/proxies"));
        await _mesh.ControlPlane.RestartAsync();

        // what was saved of their streams to the former process counts until that is known to be gone
        await _mesh.ControlPlane.WaitForAsync(
            "/v1/proxies", p => !GatewaysOf(p).Overlaps(former), "both sidecars at the process that runs now");
        var again = await _mesh.ControlPlane.WaitForAsync(
            Readiness, a => a.GetProperty("watched").GetInt32() == 2, "both sidecars watching again", 60);

        Assert.Equal("CALLERS", StatusOf(again));
        Assert.Equal(1, Assert.Single(again.GetProperty("callers").EnumerateArray()).GetProperty("connections").GetInt32());
        using var forgotten = await _mesh.ControlPlane.Api.DeleteAsync("/v1/mtls/callers?ns=default&address=127.0.0.1");
        Assert.Equal(HttpStatusCode.OK, forgotten.StatusCode);
        Assert.Equal("READY", StatusOf(await _mesh.ControlPlane.GetAsync(Readiness)));
    }

    private async Task CallAsync()
    {
        using var answer = await _mesh.Client.Client.GetAsync("http://b/");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private Task<string> PlainAsync() => Plaintext.GetAsync(_mesh.Server.Address, _mesh.Server.InboundPort);

    private Task<Member> JoinAsync(string app) => Member.StartAsync(
        _mesh.ControlPlane,
        _mesh.Directory.FullName,
        new MemberSpec($"{app}-1", "default", app, new Dictionary<string, string> { ["app"] = app }));

    private static string Guard(string guard) =>
        "{apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, "
        + $"spec: {{strictGuard: {guard}}}}}";

    private static HashSet<string?> GatewaysOf(JsonElement proxies) =>
        [.. proxies.EnumerateArray().Select(p => p.GetProperty("gateway").GetString())];

    private static string? StatusOf(JsonElement answer) => answer.GetProperty("status").GetString();

    private static string[] WarningsOf(HttpResponseMessage response)
    {
        using (response)
        {
            using var body = JsonDocument.Parse(response.Content.ReadAsStream());
            return [.. body.RootElement.GetProperty("warnings").EnumerateArray().Select(w => w.GetProperty("code").GetString()!)];
        }
    }
}
