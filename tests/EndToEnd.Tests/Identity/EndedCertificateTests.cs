using System.Net;
using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Identity;

/// <summary>The control plane is away until every certificate has ended, and comes back.</summary>
public sealed class EndedCertificateTests : IAsyncLifetime
{
    private const string Off = "attestation: {joinTokens: {reattest: true}}";
    private const string On = "attestation: {endedCertificates: {grace: 1h}}";
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Recovery = TimeSpan.FromMinutes(1); // after the control plane is back

    private readonly RotatingMesh _mesh = new();

    private string AccessFile => Path.Combine(_mesh.Folder, "access.yaml");

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _mesh.EndAsync();

    [Fact]
    public async Task Where_the_policy_lets_them_count_traffic_flows_again_without_anybodys_hand()
    {
        await StartAsync(On);
        var before = await SerialsAsync();
        await LoseControlPlaneUntilTheEndAsync();
        Assert.Equal(HttpStatusCode.OK, await AskAsync()); // what is open goes on, however long it is

        // the caller begins anew with what it has left: its certificate has ended, and so has that of the other
        await EndSidecarAsync();
        _mesh.Client.LaunchSidecar();
        await _mesh.Client.Sidecar.WaitForAsync("listening", TimeSpan.FromSeconds(60));
        Assert.NotEqual(HttpStatusCode.OK, await AskAsync()); // new handshakes are refused
        await _mesh.ControlPlane.RestartAsync();

        await UntilOkAsync(Recovery);

        Assert.Empty(before.Intersect(await SerialsAsync()));
        var trail = await _mesh.ControlPlane.GetAsync("/v1/audit");
        Assert.Equal(
            ["spiffe://cluster.local/ns/default/sa/a", "spiffe://cluster.local/ns/default/sa/b"],
            trail.EnumerateArray()
                .Where(e => e.GetProperty("method").GetString() == "REATTEST" && e.GetProperty("status").GetInt32() == 201)
                .Select(e => e.GetProperty("caller").GetString()!).Distinct().Order());
    }

    [Fact]
    public async Task Where_it_does_not_the_sidecar_says_what_to_do_and_comes_back_once_the_policy_is_changed()
    {
        await StartAsync(Off);
        await LoseControlPlaneUntilTheEndAsync();
        await EndSidecarAsync();
        _mesh.Client.LaunchSidecar();

        await _mesh.ControlPlane.RestartAsync();
        await SaysAsync(
            "Certificates that have ended do not count here (attestation.endedCertificates.grace of the access file is not set): "
            + "use a join token, or the token of a pod.");
        Assert.NotEqual(HttpStatusCode.OK, await AskAsync());
        await File.WriteAllTextAsync(AccessFile, On);

        await UntilOkAsync(Recovery + TimeSpan.FromSeconds(10)); // within which the file is read again
    }

    private async Task StartAsync(string access)
    {
        await File.WriteAllTextAsync(AccessFile, access);
        await _mesh.StartAsync("--certificate-lifetime", $"{Lifetime}", "--api-access", AccessFile);
        await UntilOkAsync(TimeSpan.FromSeconds(30));
        await _mesh.Client.WaitForLastGoodAsync();
    }

    private async Task LoseControlPlaneUntilTheEndAsync()
    {
        _mesh.ControlPlane.Process.Kill();
        foreach (var member in (Member[])[_mesh.Client, _mesh.Server])
        {
            using var admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{member.AdminPort}") };
            var last = "";
            for (var end = DateTime.UtcNow + 3 * Lifetime; ; await Task.Delay(100))
            {
                using var answer = JsonDocument.Parse(last = await admin.GetStringAsync("/certs"));
                if (!answer.RootElement.GetProperty("valid").GetBoolean()) break;
                Assert.True(DateTime.UtcNow < end, $"The certificate of {member.Spec.Name} does not end: {last}");
                await AskAsync(); // the connection stays in use
            }
        }
    }

    private async Task EndSidecarAsync()
    {
        _mesh.Client.Sidecar.Kill();
        await _mesh.Client.Sidecar.DisposeAsync();
    }

    private async Task<HttpStatusCode> AskAsync()
    {
        using var answer = await _mesh.Client.Client.GetAsync("http://b/");
        return answer.StatusCode;
    }

    private async Task UntilOkAsync(TimeSpan patience)
    {
        HttpStatusCode last = default;
        for (var end = DateTime.UtcNow + patience; DateTime.UtcNow < end; await Task.Delay(100))
        {
            if ((last = await AskAsync()) is HttpStatusCode.OK) return;
        }

        throw new TimeoutException(
            $"Calls are not answered again within {patience}: {last}.\n{_mesh.Client.Sidecar.Tail()}\n{_mesh.Server.Sidecar.Tail()}");
    }

    private async Task SaysAsync(string text)
    {
        for (var end = DateTime.UtcNow + Recovery; !_mesh.Client.Sidecar.Lines(text).Any(); await Task.Delay(100))
        {
            Assert.True(DateTime.UtcNow < end, $"The sidecar does not say '{text}':\n{_mesh.Client.Sidecar.Tail()}");
        }
    }

    private async Task<string[]> SerialsAsync() =>
        [.. (await _mesh.ControlPlane.GetAsync("/v1/identities")).EnumerateArray().Select(i => i.GetProperty("serial").GetString()!)];
}
