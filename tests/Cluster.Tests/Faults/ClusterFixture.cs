using System.Text.Json;
using MeshOrleans.Samples.Harness;
using MeshOrleans.Silo.Schema;
using Npgsql;
using Xunit.Abstractions;

namespace MeshOrleans.Cluster.Tests.Faults;

/// <summary>
/// A mesh on three silos, two gateways and PostgreSQL, with two members whose sidecars know the gateways only. Each test
/// breaks something, and leaves it whole.
/// </summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private const string DeclaredDead = "I have been told I am dead"; // Orleans' words
    private const string Service =
        "{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {selector: {app: b}, "
        + "ports: [{name: http, port: 80, targetPort: 8080}]}}";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-cluster-");

    public Samples.Harness.Cluster Cluster { get; private set; } = null!;

    public Member Client { get; private set; } = null!;

    public Member Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Cluster = await Samples.Harness.Cluster.StartAsync(
            Path.Combine(_directory.FullName, "cluster"), new ClusterSpec());
        // on a starved machine the first call of a cold process may take longer than calls may (503: try again)
        foreach (var process in Cluster.Processes) await process.WaitForAsync("/v1/ca", _ => true, "an answer of a grain");
        await Cluster.Silos[0].ApplyAsync(Service);
        Client = await Member.StartAsync(Cluster.Gateways[0], _directory.FullName, Spec("a"));
        Server = await Member.StartAsync(Cluster.Gateways[1], _directory.FullName, Spec("b"));
        await WaitUntilSyncedAsync();
    }

    public async Task DisposeAsync()
    {
        if (Client is not null) await Client.DisposeAsync();
        if (Server is not null) await Server.DisposeAsync();
        if (Cluster is not null) await Cluster.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    /// <summary>
    /// Does before a test what supervises a cluster: a silo that the others have declared dead ends by itself, which a pause
    /// of everything may bring about after its test has ended, and is started again. Whatever else has ended is a fault.
    /// </summary>
    public async Task SuperviseAsync(ITestOutputHelper output)
    {
        var ended = Cluster.Processes.Where(p => p.Process.HasExited).ToList();
        foreach (var process in ended)
        {
            Assert.True(process.Process.Said(DeclaredDead), $"A process has ended between tests.\n{process.Process.Tail()}");
            output.WriteLine($"{process.Process.Name} had been declared dead and is started again");
            await process.RestartAsync();
        }

        if (ended.Count > 0) await WaitUntilSyncedAsync();
    }

    /// <summary>Traffic between the members.</summary>
    internal Load StartTraffic() => new(Client.Client, "http://b/", perSecond: 50);

    /// <summary>Waits until both members hold the newest revision, as every process tells.</summary>
    public async Task WaitUntilSyncedAsync(int seconds = 60)
    {
        foreach (var process in Cluster.Processes)
        {
            await process.WaitForAsync(
                "/v1/proxies",
                proxies => proxies.EnumerateArray().Count(p => IsOurs(p) && p.GetProperty("status").GetString() == "SYNCED") == 2,
                $"two synced members at {process.DataDirectory}",
                seconds);
        }
    }

    /// <summary>Waits until a silo has been declared dead by the others.</summary>
    public async Task WaitUntilDeadAsync(ControlPlane silo, int seconds = 60)
    {
        Assert.True(PostgresUrl.TryParse(Cluster.Store, out var connection, out var error), error);
        await using var source = NpgsqlDataSource.Create(connection!);
        for (var end = DateTime.UtcNow.AddSeconds(seconds); ; await Task.Delay(200))
        {
            await using var command = source.CreateCommand(
                "SELECT status FROM orleansmembershiptable WHERE siloname = $1 ORDER BY generation DESC LIMIT 1");
            command.Parameters.Add(new NpgsqlParameter { Value = silo.Name });
            const int Dead = 6;
            if ((int)(await command.ExecuteScalarAsync())! == Dead) return;
            Assert.True(DateTime.UtcNow < end, $"{silo.Name} was not declared dead within {seconds} s.");
        }
    }

    /// <summary>The serials of the members' certificates.</summary>
    public async Task<string[]> SerialsAsync() =>
    [
        .. (await Cluster.Gateways[0].GetAsync("/v1/identities")).EnumerateArray()
            .Where(i => i.GetProperty("spiffeId").GetString()!.EndsWith("/sa/a", StringComparison.Ordinal)
                || i.GetProperty("spiffeId").GetString()!.EndsWith("/sa/b", StringComparison.Ordinal))
            .Select(i => i.GetProperty("serial").GetString()!).Order(),
    ];

    private static bool IsOurs(JsonElement proxy) =>
        proxy.GetProperty("spiffeId").GetString() is { Length: > 0 } id
        && (id.EndsWith("/sa/a", StringComparison.Ordinal) || id.EndsWith("/sa/b", StringComparison.Ordinal));

    private MemberSpec Spec(string name) =>
        new($"{name}-1", "default", name, new Dictionary<string, string> { ["app"] = name }) { Xds = Cluster.Xds };
}

/// <summary>Beside the tests of the stores it would starve: its processes are five.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ClusterCollection : ICollectionFixture<ClusterFixture>
{
    public const string Name = "cluster";
}
