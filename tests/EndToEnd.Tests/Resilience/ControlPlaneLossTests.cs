using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Resilience;

/// <summary>What the control plane's death does to traffic: nothing.</summary>
public sealed class ControlPlaneLossTests : IAsyncLifetime
{
    private const string Service =
        "{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {selector: {app: b}, ports: [{name: http, port: 80, targetPort: 8080}]}}";

    private readonly SmallMesh _mesh = new("mesh-loss-");

    public async Task InitializeAsync()
    {
        _mesh.ControlPlane = await ControlPlane.StartAsync(Path.Combine(_mesh.Directory.FullName, "data"));
        await _mesh.ControlPlane.ApplyAsync(Service);
        _mesh.Client = await Member.StartAsync(_mesh.ControlPlane, _mesh.Directory.FullName, Spec("a"));
        _mesh.Server = await Member.StartAsync(_mesh.ControlPlane, _mesh.Directory.FullName, Spec("b"));
        await _mesh.ControlPlane.WaitForAsync("/v1/proxies", p => p.GetArrayLength() == 2 && p.EnumerateArray().All(IsSynced), "two synced proxies");
    }

    public Task DisposeAsync() => _mesh.EndAsync();

    [Fact]
    public async Task Killing_the_control_plane_fails_no_request_and_restarting_it_changes_nothing()
    {
        var revision = await _mesh.ControlPlane.RevisionAsync();
        var serials = await SerialsAsync();
        await using var load = new Load(_mesh.Client.Client, "http://b/", perSecond: 100);
        await load.MoreAsync(50);

        _mesh.ControlPlane.Process.Kill();
        await load.MoreAsync(300);
        await _mesh.ControlPlane.RestartAsync();
        await _mesh.ControlPlane.WaitForAsync("/v1/proxies", p => p.GetArrayLength() == 2 && p.EnumerateArray().All(IsSynced), "two synced proxies");
        await load.MoreAsync(100);

        Assert.True(load.Failed == 0, string.Join('\n', load.Failures));
        Assert.Equal(revision, await _mesh.ControlPlane.RevisionAsync());
        Assert.Equal(serials, await SerialsAsync());
    }

    [Fact]
    public async Task A_sidecar_that_restarts_while_the_control_plane_is_away_serves_its_last_good_model()
    {
        using var before = await _mesh.Client.Client.GetAsync("http://b/");
        await _mesh.Client.WaitForLastGoodAsync();
        _mesh.ControlPlane.Process.Kill();

        await _mesh.Client.RestartSidecarAsync();
        using var answer = await _mesh.Client.Client.GetAsync("http://b/");

        Assert.Equal(System.Net.HttpStatusCode.OK, before.StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task A_sidecar_that_is_asked_to_end_finishes_what_it_has_and_exits_with_0()
    {
        var slow = _mesh.Client.Client.GetAsync("http://b/?delay=2s");
        await _mesh.Server.WaitForRequestsAsync(1);

        _mesh.Server.Sidecar.Terminate();
        using var answer = await slow;

        Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, await _mesh.Server.Sidecar.WaitForExitAsync(TimeSpan.FromSeconds(50)));
    }

    private static MemberSpec Spec(string app) =>
        new($"{app}-1", "default", app, new Dictionary<string, string> { ["app"] = app, ["version"] = "v1" });

    private static bool IsSynced(JsonElement proxy) => proxy.GetProperty("status").GetString() == "SYNCED";

    private async Task<string[]> SerialsAsync() =>
        [.. (await _mesh.ControlPlane.GetAsync("/v1/identities")).EnumerateArray().Select(i => i.GetProperty("serial").GetString()!).Order()];
}
