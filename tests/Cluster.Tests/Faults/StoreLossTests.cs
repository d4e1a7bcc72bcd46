using System.Net;
using MeshOrleans.Cluster.Tests.Clients;
using MeshOrleans.Xds.Protocol.Grpc;
using Xunit.Abstractions;

namespace MeshOrleans.Cluster.Tests.Faults;

/// <summary>The database goes away, or its connections are cut.</summary>
[Collection(ClusterCollection.Name)]
public sealed class StoreLossTests(ClusterFixture mesh, ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly string[] _reads = ["/v1/config", "/v1/services", "/v1/workloads", "/v1/proxies", "/v1/identities"];

    public Task InitializeAsync() => mesh.SuperviseAsync(output);

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_minute_without_the_database_refuses_writes_and_nothing_else()
    {
        await using var traffic = mesh.StartTraffic();
        await mesh.Cluster.Silos[0].ApplyAsync(ConfigWriter.Manifest(1_000_001));
        foreach (var process in mesh.Cluster.Processes) await ReadAllAsync(process);
        using var invoker = new HttpMessageInvoker(GrpcChannel.CreateHandler());

        await mesh.Cluster.Postgres!.StopAsync();
        var refused = 0;
        try
        {
            for (var end = DateTime.UtcNow.AddSeconds(60); DateTime.UtcNow < end; await Task.Delay(500))
            {
                foreach (var process in mesh.Cluster.Processes)
                {
                    using var response = await process.TryApplyAsync(ConfigWriter.Manifest(1_000_002));
                    Assert.True(
                        response.StatusCode is HttpStatusCode.ServiceUnavailable,
                        $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}\n{process.Process.Tail()}");
                    Assert.NotNull(response.Headers.RetryAfter);
                    refused++;
                    await ReadAllAsync(process);
                }
            }

            // a proxy that comes just now gets all that it asks for
            await using var late = DeltaClient.Start(
                "sidecar~10.2.0.1~late.default~default.svc", mesh.Cluster.Gateways[0].XdsPlain!, invoker);
            for (var end = DateTime.UtcNow.AddSeconds(30); late.Held < 4; await Task.Delay(50))
            {
                Assert.True(DateTime.UtcNow < end, $"A new stream holds only {late.Held} resources after 30 s.");
            }
        }
        finally
        {
            await mesh.Cluster.Postgres.StartAgainAsync();
        }

        await using var config = ConfigWriter.Start(mesh.Cluster.Processes, perMinute: 200);
        await config.MoreAsync(10);
        await config.StopAsync();
        await config.VerifyAsync(mesh.Cluster.Silos[2]);
        await mesh.WaitUntilSyncedAsync();
        output.WriteLine($"{refused} writes refused, {traffic.Sent} requests");
        Assert.True(traffic.Failed == 0, string.Join('\n', traffic.Failures));
    }

    [Fact]
    public async Task A_pause_while_the_database_hangs_takes_nobody_the_reads()
    {
        await mesh.Cluster.Silos[0].ApplyAsync(ConfigWriter.Manifest(1_000_003));
        foreach (var process in mesh.Cluster.Processes) await ReadAllAsync(process);
        var mortal = Enumerable.Range(0, 6).Select(i => $"mortal-{i}").ToArray(); // on every silo, as good as certainly
        foreach (var name in mortal) await LeasedMember.JoinAsync(mesh.Cluster.Silos[0], name, TimeSpan.FromSeconds(5));

        mesh.Cluster.Postgres!.Pause();
        try
        {
            // any of them may be where the configuration lives
            foreach (var silo in mesh.Cluster.Silos) silo.Process.Pause();
            await Task.Delay(TimeSpan.FromSeconds(5)); // longer than a process may stand still unnoticed
            foreach (var silo in mesh.Cluster.Silos) silo.Process.Resume();

            foreach (var silo in mesh.Cluster.Silos)
            {
                for (var end = DateTime.UtcNow.AddSeconds(30); !silo.Process.Said("stood still"); await Task.Delay(50))
                {
                    Assert.True(DateTime.UtcNow < end, $"The silo did not notice that it stood still.\n{silo.Process.Tail()}");
                }
            }

            foreach (var process in mesh.Cluster.Processes) await ReadAllAsync(process);
            using var response = await mesh.Cluster.Gateways[0].TryApplyAsync(ConfigWriter.Manifest(1_000_004));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        }
        finally
        {
            foreach (var silo in mesh.Cluster.Silos) silo.Process.Resume();
            mesh.Cluster.Postgres.Resume();
        }

        await mesh.WaitUntilSyncedAsync();
        for (var end = DateTime.UtcNow.AddSeconds(30); ; await Task.Delay(200))
        {
            // refused until the silo has found out that it still belongs
            using var applied = await mesh.Cluster.Silos[0].TryApplyAsync(ConfigWriter.Manifest(1_000_005));
            if (applied.IsSuccessStatusCode) break;
            Assert.Equal(HttpStatusCode.ServiceUnavailable, applied.StatusCode);
            Assert.True(DateTime.UtcNow < end, "No write was accepted within 30 s after the database was back.");
        }

        // their leases ran out meanwhile, and whoever looks after them must still do so
        await mesh.Cluster.Gateways[0].WaitForAsync(
            "/v1/workloads",
            members => !members.EnumerateArray().Any(m => mortal.Contains(m.GetProperty("name").GetString())),
            "the end of all members that renew no lease",
            seconds: 90);
    }

    [Fact]
    public async Task Connections_cut_again_and_again_make_no_change_happen_half_or_twice()
    {
        await using var config = ConfigWriter.Start(mesh.Cluster.Processes, perMinute: 1200);
        await using var joining = Registrar.Start(mesh.Cluster.Processes, "cut", perSecond: 10);
        await config.MoreAsync(5);

        // each cut falls into writes that are under way; the next one waits for one that has come through
        var cut = 0;
        for (var round = 0; round < 40; round++)
        {
            cut += int.Parse(await mesh.Cluster.Postgres!.QueryAsync(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'mesh'"));
            await config.MoreAsync(1);
        }

        await config.MoreAsync(10);
        await config.StopAsync();
        await joining.StopAsync();
        output.WriteLine($"{cut} connections cut, {config.Acknowledged.Count} changes, {config.Refusals.Count} refusals, "
            + $"{joining.Joined.Count} members, {joining.Retried} asked again");
        await config.VerifyAsync(mesh.Cluster.Gateways[1]);
        await joining.VerifyAsync(mesh.Cluster.Gateways[0]);
        Assert.True(cut > 0);
    }

    private static async Task ReadAllAsync(Samples.Harness.ControlPlane process)
    {
        foreach (var path in _reads)
        {
            using var response = await process.Api.GetAsync(path);
            Assert.True(
                response.IsSuccessStatusCode,
                $"GET {path} at {process.DataDirectory}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}\n"
                    + process.Process.Tail());
        }
    }
}
