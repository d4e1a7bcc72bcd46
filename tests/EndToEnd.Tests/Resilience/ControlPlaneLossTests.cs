using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Resilience;

/// <summary>What the control plane's death does to traffic: nothing.</summary>
public sealed class ControlPlaneLossTests : IAsyncLifetime
{
    private const string Service =
        "{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {selector: {app: b}, ports: [{name: http, port: 80, targetPort: 8080}]}}";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-loss-");
    private ControlPlane _controlPlane = null!;
    private Member _client = null!;
    private Member _server = null!;

    public async Task InitializeAsync()
    {
        _controlPlane = await ControlPlane.StartAsync(Path.Combine(_directory.FullName, "data"));
        await _controlPlane.ApplyAsync(Service);
        _client = await Member.StartAsync(_controlPlane, _directory.FullName, Spec("a"));
        _server = await Member.StartAsync(_controlPlane, _directory.FullName, Spec("b"));
        await _controlPlane.WaitForAsync("/v1/proxies", p => p.GetArrayLength() == 2 && p.EnumerateArray().All(IsSynced), "two synced proxies");
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
        await _controlPlane.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Killing_the_control_plane_fails_no_request_and_restarting_it_changes_nothing()
    {
        var revision = await _controlPlane.RevisionAsync();
        var serials = await SerialsAsync();
        await using var load = new Load(_client.Client, "http://b/", perSecond: 100);
        await load.MoreAsync(50);

        _controlPlane.Process.Kill();
        await load.MoreAsync(300);
        await _controlPlane.RestartAsync();
        await _controlPlane.WaitForAsync("/v1/proxies", p => p.GetArrayLength() == 2 && p.EnumerateArray().All(IsSynced), "two synced proxies");
        await load.MoreAsync(100);

        Assert.True(load.Failed == 0, string.Join('\n', load.Failures));
        Assert.Equal(revision, await _controlPlane.RevisionAsync());
        Assert.Equal(serials, await SerialsAsync());
    }

    [Fact]
    public async Task A_sidecar_that_restarts_while_the_control_plane_is_away_serves_its_last_good_model()
    {
        using var before = await _client.Client.GetAsync("http://b/");
        await _client.WaitForLastGoodAsync();
        _controlPlane.Process.Kill();

        await _client.RestartSidecarAsync();
        using var answer = await _client.Client.GetAsync("http://b/");

        Assert.Equal(System.Net.HttpStatusCode.OK, before.StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task A_sidecar_that_is_asked_to_end_finishes_what_it_has_and_exits_with_0()
    {
        var slow = _client.Client.GetAsync("http://b/?delay=2s");
        await _server.WaitForRequestsAsync(1);

        _server.Sidecar.Terminate();
        using var answer = await slow;

        Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, await _server.Sidecar.WaitForExitAsync(TimeSpan.FromSeconds(50)));
    }

    private static MemberSpec Spec(string app) =>
        new($"{app}-1", "default", app, new Dictionary<string, string> { ["app"] = app, ["version"] = "v1" });

    private static bool IsSynced(JsonElement proxy) => proxy.GetProperty("status").GetString() == "SYNCED";

    private async Task<string[]> SerialsAsync() =>
        [.. (await _controlPlane.GetAsync("/v1/identities")).EnumerateArray().Select(i => i.GetProperty("serial").GetString()!).Order()];
}
