using System.Net;
using MeshOrleans.Cluster.Tests.Clients;
using MeshOrleans.Samples.Harness;
using MeshOrleans.Xds.Protocol.Grpc;
using Xunit.Abstractions;

namespace MeshOrleans.Cluster.Tests.Faults;

/// <summary>
/// The database goes away before anybody has asked for a listing: what comes from memory answers all the same.
/// </summary>
[Collection(AloneCollection.Name)]
public sealed class ColdReadTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly string[] _fromMemory = ["/v1/services", "/v1/workloads", "/v1/config"];

    // Gateways wake the shares of the proxies within five seconds of their start; this may be earlier.
    private static readonly string[] _fromDatabase = ["/v1/revisions", "/v1/proxies"];

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-cold-");
    private Samples.Harness.Cluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await Samples.Harness.Cluster.StartAsync(
        Path.Combine(_directory.FullName, "cluster"), new ClusterSpec { Silos = 2, Gateways = 1 });

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Listings_that_nobody_has_read_before_answer_without_the_database()
    {
        await _cluster.Gateways[0].ApplyAsync(ConfigWriter.Manifest(1));
        await using var joining = Registrar.Start(_cluster.Processes, "cold", perSecond: 10);
        using var invoker = new HttpMessageInvoker(GrpcChannel.CreateHandler());
        await using var proxy = DeltaClient.Start(
            "sidecar~10.2.0.1~cold.default~default.svc", _cluster.Gateways[0].XdsPlain!, invoker);
        for (var end = DateTime.UtcNow.AddSeconds(60); proxy.Gateway is null || joining.Joined.IsEmpty; await Task.Delay(50))
        {
            Assert.True(DateTime.UtcNow < end, "No stream is in sync, or no member was let in, after 60 s.");
        }

        await joining.StopAsync();
        await _cluster.Postgres!.StopAsync();
        var failed = new List<string>();
        foreach (var process in _cluster.Processes)
        {
            foreach (var path in _fromMemory) await ReadAsync(process, path, mayWait: false, failed);
            foreach (var path in _fromDatabase) await ReadAsync(process, path, mayWait: true, failed);
        }

        await _cluster.Postgres.StartAgainAsync();
        Assert.True(failed.Count == 0, string.Join('\n', failed));
    }

    private async Task ReadAsync(ControlPlane process, string path, bool mayWait, List<string> failed)
    {
        using var response = await process.Api.GetAsync(path);
        var told = $"{process.Name}: GET {path}: {(int)response.StatusCode}";
        output.WriteLine(told);
        if (response.IsSuccessStatusCode) return;
        if (mayWait && response is { StatusCode: HttpStatusCode.ServiceUnavailable, Headers.RetryAfter: not null }) return;
        failed.Add($"{told} {await response.Content.ReadAsStringAsync()}\n{process.Process.Tail()}");
    }
}
