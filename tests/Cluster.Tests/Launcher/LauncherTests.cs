using System.Net.Http.Headers;
using System.Text.Json;
using MeshOrleans.Cluster.Tests.Clients;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Cluster.Tests.Launcher;

/// <summary><c>./mesh up --silos N</c> when it, or what it has started, is killed.</summary>
[Collection(AloneCollection.Name)]
public sealed class LauncherTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(180);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mesh-launcher-");
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };

    public void Dispose()
    {
        _http.Dispose();
        _folder.Delete(recursive: true);
    }

    private string Data => Path.Combine(_folder.FullName, "cluster");

    [Fact]
    public async Task What_a_killed_launcher_has_left_is_ended_by_the_next_one_and_everything_goes_on()
    {
        await using var first = Start();
        var before = await first.WaitForAsync("listening", _patience);
        await ApplyAsync(before, ConfigWriter.Manifest(1));
        first.Kill();
        await first.WaitForExitAsync(_patience);
        var left = ProcessesOf(before);
        Assert.All(left, id => Assert.True(IsRunning(id), "Nothing was left to end."));

        await using var second = Start();
        var after = await second.WaitForAsync("listening", _patience);

        Assert.All(left, id => Assert.False(IsRunning(id), $"Process {id} of the killed launcher still runs."));
        Assert.True(second.Said($"ended {left.Length} processes"), second.Tail());
        Assert.Equal(before.GetProperty("store").GetString(), after.GetProperty("store").GetString());
        await ApplyAsync(after, ConfigWriter.Manifest(2));
        await EndAsync(second);
        Assert.All(ProcessesOf(after), id => Assert.False(IsRunning(id)));
    }

    [Fact]
    public async Task PostgreSQL_that_ends_is_started_again()
    {
        await using var launcher = Start();
        var listening = await launcher.WaitForAsync("listening", _patience);
        var pid = int.Parse(File.ReadLines(Path.Combine(Data, "postgres", "data", "postmaster.pid")).First());

        System.Diagnostics.Process.GetProcessById(pid).Kill();
        await UntilAsync(() => Task.FromResult(launcher.Said("PostgreSQL is back")), "PostgreSQL is not started again", launcher);

        await UntilAsync(() => TryApplyAsync(listening, ConfigWriter.Manifest(1)), "no change is taken", launcher);
        await EndAsync(launcher);
    }

    [Fact]
    public async Task A_folder_that_has_a_launcher_is_refused_to_another()
    {
        Directory.CreateDirectory(Data);
        await using var held = new FileStream(Path.Combine(Data, "lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);

        await using var launcher = Start();

        Assert.Equal(1, await launcher.WaitForExitAsync(_patience));
        Assert.True(launcher.Said("is in use by another cluster"), launcher.Tail());
    }

    private MeshProcess Start() => MeshProcess.Start(
        "launcher",
        Binaries.Find("MeshOrleans.Samples.Cluster", "samples/Cluster", "mesh-cluster"),
        ["--silos", "1", "--gateways", "1", "--data", Data]);

    private static async Task EndAsync(MeshProcess launcher)
    {
        launcher.Terminate();
        Assert.Equal(0, await launcher.WaitForExitAsync(_patience));
    }

    private static int[] ProcessesOf(JsonElement listening) =>
    [
        .. listening.GetProperty("silos").EnumerateArray().Concat(listening.GetProperty("gateways").EnumerateArray())
            .Select(process => process.GetProperty("pid").GetInt32()),
    ];

    // One that has ended and was not yet told to its parent has no command line.
    private static bool IsRunning(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/cmdline").Contains("mesh-silo", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> happened, string otherwise, MeshProcess launcher)
    {
        for (var end = DateTime.UtcNow + _patience; !await happened(); await Task.Delay(50))
        {
            Assert.True(DateTime.UtcNow < end, $"{otherwise} within {_patience.TotalSeconds:F0} s.\n{launcher.Tail()}");
        }
    }

    private async Task ApplyAsync(JsonElement listening, string manifest)
    {
        using var response = await PostAsync(listening, manifest);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<bool> TryApplyAsync(JsonElement listening, string manifest)
    {
        using var response = await PostAsync(listening, manifest);
        return response.IsSuccessStatusCode;
    }

    private async Task<HttpResponseMessage> PostAsync(JsonElement listening, string manifest)
    {
        var token = (await File.ReadAllTextAsync(Path.Combine(Data, "admin-token"))).Trim();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{listening.GetProperty("api").GetString()}/v1/config")
        {
            Content = new StringContent(manifest, new MediaTypeHeaderValue("application/yaml")),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await _http.SendAsync(request);
    }
}
