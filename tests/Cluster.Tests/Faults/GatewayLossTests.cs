using MeshOrleans.Cluster.Tests.Clients;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Grpc;
using Xunit.Abstractions;

namespace MeshOrleans.Cluster.Tests.Faults;

/// <summary>A gateway that dies with two hundred streams.</summary>
[Collection(ClusterCollection.Name)]
public sealed class GatewayLossTests(ClusterFixture mesh, ITestOutputHelper output) : IAsyncLifetime
{
    private const int Streams = 200;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    public Task InitializeAsync() => mesh.SuperviseAsync(output);

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Its_streams_move_and_are_sent_nothing_that_they_hold()
    {
        var plain = await Task.WhenAll(mesh.Cluster.Gateways.Select(PlainAddressAsync));
        using var invoker = new HttpMessageInvoker(GrpcChannel.CreateHandler());
        var clients = Enumerable.Range(0, Streams)
            .Select(i => DeltaClient.Start($"sidecar~10.1.{i / 250}.{i % 250}~c-{i}.default~default.svc", plain[0], invoker))
            .ToArray();
        await using var traffic = mesh.StartTraffic();
        try
        {
            await WaitAsync(
                clients,
                c => c.Gateway == plain[0] && c.Held > 3,
                "every stream is at the gateway that is to die, with its configuration");
            foreach (var client in clients) client.Gateways = plain;
            var killed = DateTime.UtcNow;
            mesh.Cluster.Gateways[0].Process.Kill();
            await WaitAsync(clients, c => c.Gateway == plain[1], "every stream is at the other gateway");
            output.WriteLine($"{Streams} streams moved within {(DateTime.UtcNow - killed).TotalSeconds:F1} s");

            // a change reaches all of them, and is the first thing that they are sent
            await mesh.Cluster.Silos[0].ApplyAsync(
                "{apiVersion: v1, kind: Service, metadata: {name: after-loss}, spec: {selector: {app: b}, "
                + "ports: [{name: http, port: 80, targetPort: 8080}]}}");
            const string cluster = "outbound|80||after-loss.default.svc.cluster.local";
            await WaitAsync(clients, c => c.Holds(TypeUrls.Cluster, cluster), "every stream has the new cluster");
            Assert.Equal(0, clients.Sum(c => c.Repeated));
        }
        finally
        {
            foreach (var client in clients) await client.DisposeAsync();
            await mesh.Cluster.Gateways[0].RestartAsync();
            await mesh.Cluster.Silos[0].DeleteAsync("Service", "default", "after-loss");
        }

        await mesh.WaitUntilSyncedAsync();
        Assert.True(traffic.Failed == 0, string.Join('\n', traffic.Failures));
    }

    private static Task<string> PlainAddressAsync(Samples.Harness.ControlPlane gateway) =>
        Task.FromResult(gateway.XdsPlain ?? throw new InvalidOperationException("The gateway has no plaintext port."));

    private static async Task WaitAsync(DeltaClient[] clients, Func<DeltaClient, bool> wanted, string what)
    {
        for (var end = DateTime.UtcNow + _patience; !clients.All(wanted); await Task.Delay(50))
        {
            if (DateTime.UtcNow > end)
            {
                throw new TimeoutException(
                    $"{what}: only {clients.Count(wanted)} of {clients.Length} within {_patience.TotalSeconds} s.");
            }
        }
    }
}
