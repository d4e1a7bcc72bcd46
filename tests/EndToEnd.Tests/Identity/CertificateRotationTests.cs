using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace MeshOrleans.EndToEnd.Tests.Identity;

/// <summary>Certificates are replaced, by age or by order, while requests go through.</summary>
public sealed class CertificateRotationTests : IAsyncLifetime
{
    private readonly RotatingMesh _mesh = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _mesh.EndAsync();

    [Fact]
    public async Task A_rotation_of_every_certificate_fails_no_request_and_makes_fresh_keys()
    {
        await _mesh.StartAsync("--certificate-lifetime", "01:00:00");
        var before = await _mesh.KeysAsync();
        await using var load = _mesh.Load();
        await load.MoreAsync(200);

        using var refused = await _mesh.ControlPlane.Api.PostAsJsonAsync("/v1/identities/rotate", new { @namespace = "nobody" });
        using var rotated = await _mesh.ControlPlane.Api.PostAsJsonAsync("/v1/identities/rotate", new { spreadSeconds = 2 });
        var answer = await rotated.Content.ReadFromJsonAsync<JsonElement>();
        var rows = await _mesh.ControlPlane.WaitForAsync(
            "/v1/identities",
            all => all.EnumerateArray().All(i => !i.GetProperty("isDue").GetBoolean()),
            "the rotation of all");
        await load.MoreAsync(200);

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.Accepted), (refused.StatusCode, rotated.StatusCode));
        Assert.Equal(2, answer.GetProperty("due").GetInt32());
        Assert.True(load.Failed == 0, $"{load.Failed} of {load.Sent}:\n{string.Join('\n', load.Failures)}");
        Assert.Equal(2, rows.GetArrayLength());
        Assert.Empty(before.Intersect(await _mesh.KeysAsync()));
    }

    // MESH_SOAK_SECONDS=300 is what it is judged by; half a minute of life is the shortest that there is.
    [Fact]
    public async Task Certificates_that_live_for_half_a_minute_fail_no_request()
    {
        var seconds = int.TryParse(Environment.GetEnvironmentVariable("MESH_SOAK_SECONDS"), out var soak) ? soak : 50;
        await _mesh.StartAsync("--certificate-lifetime", "00:00:30");
        var before = await _mesh.KeysAsync();
        await using var load = _mesh.Load();

        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < TimeSpan.FromSeconds(seconds)) await load.MoreAsync(100);

        Assert.True(load.Failed == 0, $"{load.Failed} of {load.Sent}:\n{string.Join('\n', load.Failures)}");
        Assert.True(load.Sent > seconds * RotatingMesh.PerSecond / 4, $"Only {load.Sent} requests in {seconds} s.");
        Assert.Empty(before.Intersect(await _mesh.KeysAsync()));
    }
}
