using System.Text;
using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Joining;

/// <summary>Two meshes with roots of their own.</summary>
public sealed class FederationTests : IAsyncLifetime
{
    private const string Exported = """
        {apiVersion: v1, kind: Service, metadata: {name: inventory, namespace: warehouse}, spec: {selector: {app: inventory}, ports: [{name: http, port: 80, targetPort: 8080}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: private, namespace: warehouse}, spec: {selector: {app: inventory}, ports: [{name: http, port: 80, targetPort: 8080}]}}
        ---
        {apiVersion: mesh.orleans.io/v1, kind: ServiceExport, metadata: {name: inventory, namespace: warehouse}, spec: {}}
        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-federation-");
    private ControlPlane _a = null!;
    private ControlPlane _b = null!;
    private Member _client = null!;
    private Member _server = null!;

    public async Task InitializeAsync()
    {
        _a = await ControlPlane.StartAsync(Path.Combine(_directory.FullName, "a"), "cluster.local", "--peer-interval", "00:00:00.3");
        _b = await ControlPlane.StartAsync(Path.Combine(_directory.FullName, "b"), "mesh-b.local", "--peer-interval", "00:00:00.3");
        await _b.ApplyAsync(Exported);
        _client = await Member.StartAsync(_a, _directory.FullName, Spec("client-1", "default", "client"));
        _server = await Member.StartAsync(_b, _directory.FullName, Spec("inventory-1", "warehouse", "inventory"));
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_service_that_only_the_other_mesh_has_is_called_over_mtls_and_survives_its_control_plane()
    {
        await LinkAsync();
        var peers = await _a.WaitForAsync("/v1/peers", p => Peer(p).GetProperty("imported").GetArrayLength() == 1, "the import");
        Assert.Equal("SYNCED", Peer(peers).GetProperty("status").GetString());
        await _client.ReachAsync("http://inventory.warehouse/");

        var echo = JsonSerializer.Deserialize<JsonElement>(await _client.Client.GetStringAsync("http://inventory.warehouse/"));
        Assert.Contains(
            "URI=spiffe://cluster.local/ns/default/sa/client",
            echo.GetProperty("headers").GetProperty("x-forwarded-client-cert").GetString(),
            StringComparison.Ordinal);

        await using var load = new Load(_client.Client, "http://inventory.warehouse/", perSecond: 50);
        _b.Process.Kill();
        var stale = await _a.WaitForAsync("/v1/peers", p => Peer(p).GetProperty("status").GetString() == "STALE", "the link to be shown as stale");
        Assert.True(Peer(stale).GetProperty("ageSeconds").GetDouble() > 0);
        await load.MoreAsync(100);

        Assert.True(load.Failed == 0, string.Join('\n', load.Failures));
    }

    [Fact]
    public async Task A_service_that_is_not_exported_is_not_known()
    {
        await LinkAsync();
        var peers = await _a.WaitForAsync("/v1/peers", p => Peer(p).GetProperty("imported").GetArrayLength() > 0, "the import");

        Assert.Equal(["warehouse/inventory"], Peer(peers).GetProperty("imported").EnumerateArray().Select(s => s.GetString()!));
    }

    [Fact]
    public async Task A_link_cannot_be_taken_over_with_another_token()
    {
        await LinkAsync();
        var token = await _b.MintTokenAsync("default", "default", purpose: "peer");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{_b.ApiAddress}/v1/federation/links");
        request.Headers.Authorization = new("Bearer", token);
        var mine = new { trustDomain = "cluster.local", roots = Array.Empty<string>(), address = "127.0.0.1:9", credential = $"mp1.x.{new string('A', 43)}" };
        request.Content = new StringContent(JsonSerializer.Serialize(mine), Encoding.UTF8, "application/json");

        using var client = new HttpClient();
        using var response = await client.SendAsync(request);

        Assert.Equal(System.Net.HttpStatusCode.Conflict, response.StatusCode);
        Assert.Contains("already", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static JsonElement Peer(JsonElement peers) =>
        peers.EnumerateArray().FirstOrDefault(p => p.GetProperty("name").GetString() == "mesh-b") is { ValueKind: JsonValueKind.Object } peer
            ? peer
            : JsonSerializer.Deserialize<JsonElement>("""{"imported":[],"status":"(no such peer)"}""");

    private static MemberSpec Spec(string name, string ns, string app) =>
        new(name, ns, app, new Dictionary<string, string> { ["app"] = app, ["version"] = "v1" });

    private async Task LinkAsync()
    {
        var token = await _b.MintTokenAsync("default", "default", purpose: "peer");
        var body = JsonSerializer.Serialize(new { name = "mesh-b", address = _b.Xds, token });
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _a.Api.PostAsync("/v1/peers", content);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}
