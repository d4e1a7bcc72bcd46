using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace MeshOrleans.EndToEnd.Tests.Identity;

/// <summary>The root changes while a sidecar is away, the control plane is killed, or the change is turned back.</summary>
public sealed class RootRotationOutageTests : IAsyncLifetime
{
    private readonly RotatingMesh _mesh = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _mesh.EndAsync();

    [Fact]
    public async Task A_rotation_survives_a_control_plane_that_is_killed_in_each_phase()
    {
        await _mesh.StartAsync("--certificate-lifetime", "00:00:30", "--ca-publish-patience", "00:01:00");
        await using var load = _mesh.Load();
        await load.MoreAsync(200);
        await _mesh.RotateAsync();

        await _mesh.RestartControlPlaneAsync();
        await _mesh.PhaseAsync("retiring", 60);
        await _mesh.RestartControlPlaneAsync();
        await _mesh.PhaseAsync("settled", 90);
        await _mesh.HoldingAsync(2);
        await load.MoreAsync(200);

        Assert.True(load.Failed == 0, $"{load.Failed} of {load.Sent}:\n{string.Join('\n', load.Failures)}");
        Assert.Single(await _mesh.RootsAsync());
    }

    [Fact]
    public async Task Who_was_away_while_the_root_changed_is_named_and_comes_back()
    {
        await _mesh.StartAsync("--certificate-lifetime", "00:05:00", "--ca-publish-patience", "00:00:06");
        var token = Path.Combine(_mesh.Folder, "former.token"); // pins the former root
        await File.WriteAllTextAsync(token, await _mesh.ControlPlane.MintTokenAsync("default", "a"));
        _mesh.Server.Sidecar.Kill();
        await _mesh.ControlPlane.WaitForAsync(
            "/v1/proxies",
            all => all.EnumerateArray().Any(p => p.GetProperty("status").GetString() == "DISCONNECTED"),
            "the loss of b-1");

        await _mesh.RotateAsync();
        var authority = await _mesh.PhaseAsync("retiring", 30);
        await _mesh.Server.RestartSidecarAsync();
        await _mesh.HoldingAsync(2);
        await using var late = await _mesh.JoinAsync("c-1", "a", "--token-file", token);

        Assert.Contains("b-1", Assert.Single(authority.GetProperty("missed").EnumerateArray()).GetString(), StringComparison.Ordinal);
        foreach (var member in new[] { _mesh.Client, late }) await member.ReachAsync("http://b/");
    }

    [Fact]
    public async Task A_token_that_pins_a_root_which_was_turned_back_lets_its_holder_join()
    {
        await _mesh.StartAsync("--certificate-lifetime", "00:05:00", "--ca-publish-patience", "00:01:00");
        await _mesh.RotateAsync();
        await _mesh.PhaseAsync("retiring", 30);
        var token = Path.Combine(_mesh.Folder, "newer.token");
        await File.WriteAllTextAsync(token, await _mesh.ControlPlane.MintTokenAsync("default", "a"));

        using var once = await _mesh.ControlPlane.Api.DeleteAsync("/v1/ca/rotate");
        using var twice = await _mesh.ControlPlane.Api.DeleteAsync("/v1/ca/rotate");
        var (first, second) = (
            await once.Content.ReadFromJsonAsync<JsonElement>(), await twice.Content.ReadFromJsonAsync<JsonElement>());
        await using var late = await _mesh.JoinAsync("c-1", "a", "--token-file", token);

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (once.StatusCode, twice.StatusCode));
        Assert.Equal(first.GetProperty("sequence").GetInt64(), second.GetProperty("sequence").GetInt64());
        Assert.True(second.GetProperty("isTurnedBack").GetBoolean());
        await late.ReachAsync("http://b/");
    }
}
