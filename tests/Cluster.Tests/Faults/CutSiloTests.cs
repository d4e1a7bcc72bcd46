using System.Net;
using MeshOrleans.Cluster.Tests.Clients;
using MeshOrleans.Cluster.Tests.Stores;
using MeshOrleans.Samples.Harness;
using Xunit.Abstractions;

namespace MeshOrleans.Cluster.Tests.Faults;

/// <summary>One silo alone loses the database: no word of it arrives any more, while silos and clients reach it.</summary>
[Collection(AloneCollection.Name)]
public sealed class CutSiloTests(ITestOutputHelper output) : IAsyncLifetime
{
    // It takes 20 s until its heartbeat is missed; calls to it are given up after 7 s each meanwhile.
    private static readonly TimeSpan _recovery = TimeSpan.FromSeconds(40);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-cut-");
    private PostgresServer _postgres = null!;
    private CuttingProxy _way = null!;
    private Samples.Harness.Cluster _cluster = null!;

    public async Task InitializeAsync()
    {
        _postgres = await PostgresServer.StartAsync(Path.Combine(_directory.FullName, "postgres"));
        _way = CuttingProxy.Start(_postgres.Port, "no such mark"u8.ToArray());
        _cluster = await Samples.Harness.Cluster.StartAsync(
            Path.Combine(_directory.FullName, "cluster"),
            new ClusterSpec { Silos = 1, Gateways = 0, Store = _postgres.UrlOf("mesh", _way.Port) });
    }

    public async Task DisposeAsync()
    {
        if (_cluster is not null) await _cluster.DisposeAsync();
        if (_way is not null) await _way.DisposeAsync();
        if (_postgres is not null) await _postgres.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Its_grains_save_elsewhere_and_nothing_is_lost()
    {
        // The first silo, alone, has every grain that there is one of; those who come later leave them there.
        var cut = _cluster.Silos[0];
        await cut.ApplyAsync(ConfigWriter.Manifest(1_000_001));
        var direct = new Dictionary<string, string> { ["MESH_STORE"] = _postgres.Url };
        await using var second = await _cluster.StartSiloAsync("silo-2", direct);
        await using var third = await _cluster.StartSiloAsync("silo-3", direct);
        await using var config = ConfigWriter.Start([second, third], perMinute: 200);
        await using var joining = Registrar.StartWithTokens([second, third], "cut", perSecond: 10);
        await config.MoreAsync(10);
        Assert.Equal(HttpStatusCode.OK, await ReadinessAsync(cut));

        _way.Hold();
        await config.MoreAsync(20);
        output.WriteLine($"longest wait {config.LongestWait.TotalSeconds:F1} s, {config.Refusals.Count} refusals");
        Assert.NotEmpty(config.Refusals); // else it had nothing that mattered
        for (var end = DateTime.UtcNow.AddSeconds(60); await ReadinessAsync(cut) is HttpStatusCode.OK; await Task.Delay(200))
        {
            Assert.True(DateTime.UtcNow < end, $"The silo is ready after a minute without the database.\n{cut.Process.Tail()}");
        }

        // It finds that it was given up, and ends; whoever supervises it starts it again.
        _way.LetPass();
        await cut.Process.WaitForExitAsync(TimeSpan.FromSeconds(60));
        await cut.RestartAsync();
        await config.MoreAsync(10);
        await config.StopAsync();
        await joining.StopAsync();
        output.WriteLine($"{config.Acknowledged.Count} changes, {joining.Joined.Count} members, {joining.Retried} asked again");
        await config.VerifyAsync(cut);
        await joining.VerifyAsync(cut);
        Assert.Equal(joining.Asked, joining.Joined.Count);
        Assert.True(config.LongestWait < _recovery, $"A change waited {config.LongestWait}:\n{string.Join('\n', config.Refusals)}");
        Assert.Equal(HttpStatusCode.OK, await ReadinessAsync(cut));
    }

    private static async Task<HttpStatusCode> ReadinessAsync(ControlPlane silo)
    {
        using var client = new HttpClient();
        using var response = await client.GetAsync($"{silo.Monitoring}/healthz/ready");
        return response.StatusCode;
    }
}
