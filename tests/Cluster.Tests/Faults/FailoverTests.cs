using MeshOrleans.Cluster.Tests.Clients;
using MeshOrleans.Samples.Harness;
using Xunit.Abstractions;

namespace MeshOrleans.Cluster.Tests.Faults;

/// <summary>PostgreSQL's primary is killed, and its standby promoted.</summary>
[Collection(AloneCollection.Name)]
public sealed class FailoverTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly TimeSpan _recovery = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-failover-");
    private PostgresServer _primary = null!;
    private PostgresServer _standby = null!;
    private Samples.Harness.Cluster _cluster = null!;

    public async Task InitializeAsync()
    {
        _primary = await PostgresServer.StartAsync(Path.Combine(_directory.FullName, "primary"));
        _standby = await _primary.StartStandbyAsync(Path.Combine(_directory.FullName, "standby"));
        var both = _primary.Url.Replace(
            $":{_primary.Port}/", $":{_primary.Port},127.0.0.1:{_standby.Port}/", StringComparison.Ordinal);
        _cluster = await Samples.Harness.Cluster.StartAsync(
            Path.Combine(_directory.FullName, "cluster"), new ClusterSpec { Silos = 2, Gateways = 1, Store = both });
    }

    public async Task DisposeAsync()
    {
        if (_cluster is not null) await _cluster.DisposeAsync();
        if (_standby is not null) await _standby.DisposeAsync();
        if (_primary is not null) await _primary.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Every_acknowledged_change_is_there_and_the_mesh_goes_on_by_itself()
    {
        await using var config = ConfigWriter.Start(_cluster.Processes, perMinute: 200);
        await using var joining = Registrar.StartWithTokens(_cluster.Processes, "over", perSecond: 10);
        await config.MoreAsync(10);

        _primary.Kill();
        await _standby.PromoteAsync();
        await config.MoreAsync(20);

        await config.StopAsync();
        await joining.StopAsync();
        output.WriteLine($"{config.Acknowledged.Count} changes, longest wait {config.LongestWait.TotalSeconds:F1} s, "
            + $"{config.Refusals.Count} refusals; {joining.Joined.Count} members, {joining.Retried} asked again");
        foreach (var process in _cluster.Processes) await config.VerifyAsync(process);
        await joining.VerifyAsync(_cluster.Gateways[0]);
        Assert.Equal(joining.Asked, joining.Joined.Count);
        Assert.False(_primary.IsRunning);
        Assert.Equal("f", (await _standby.QueryAsync("SELECT pg_is_in_recovery()")).Trim()); // all since then is written there
        Assert.True(config.LongestWait < _recovery, $"A change waited {config.LongestWait}:\n{string.Join('\n', config.Refusals)}");
    }
}
