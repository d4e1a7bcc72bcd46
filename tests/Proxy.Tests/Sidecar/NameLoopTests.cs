using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Sidecar.Xds;
using MeshOrleans.Testing;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Discovery;
using Cluster = MeshOrleans.Xds.Protocol.Cluster.Cluster;

namespace MeshOrleans.Proxy.Tests.Sidecar;

public sealed class NameLoopTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly ModelHolder _holder;
    private volatile string[]? _answer = ["10.0.0.2", "10.0.0.1"];

    public NameLoopTests()
    {
        _holder = new ModelHolder(ProxyModel.Empty, _clock, new ListLogger<ModelHolder>());
        foreach (var (type, resources) in MeshResources.Mesh(8080)) Apply(type, resources);
    }

    public void Dispose() => _holder.Dispose();

    [Theory]
    [InlineData(Cluster.Types.DiscoveryType.StrictDns, new[] { "10.0.0.1", "10.0.0.2" })]
    [InlineData(Cluster.Types.DiscoveryType.LogicalDns, new[] { "10.0.0.1" })]
    public async Task Names_become_endpoints_and_survive_a_dns_that_fails(
        Cluster.Types.DiscoveryType type, string[] expected)
    {
        Apply(TypeUrls.Cluster, new Dictionary<string, IMessage> { ["db"] = Named(type) });
        Assert.Empty(_holder.Model!.Clusters["db"].Endpoints);
        using var stop = new CancellationTokenSource();
        var loop = new NameLoop(_holder, ResolveAsync, _clock, new ListLogger<NameLoop>()).RunAsync(stop.Token);
        await Eventually.HoldsAsync("endpoint of db", () => _holder.Model.Clusters["db"].Endpoints.Length > 0);

        _answer = null;
        await Eventually.HoldsAsync("armed timer", () => _clock.PendingTimers > 0);
        _clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(expected, _holder.Model.Clusters["db"].Endpoints.Select(e => e.Address));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => loop);
    }

    private static Cluster Named(Cluster.Types.DiscoveryType type)
    {
        var assignment = MeshResources.Assignment("db", 5432);
        assignment.Endpoints[0].LbEndpoints[0].Endpoint.Address.SocketAddress.Address = "DB.example";
        return new Cluster { Name = "db", Type = type, LoadAssignment = assignment };
    }

    private Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        Assert.Equal("db.example", name);
        return _answer is { } answer
            ? Task.FromResult(answer.Select(IPAddress.Parse).ToArray())
            : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
    }

    private void Apply(string type, IReadOnlyDictionary<string, IMessage> resources)
    {
        var response = new DeltaDiscoveryResponse { TypeUrl = type };
        response.Resources.AddRange(
            resources.Select(r => new Resource { Name = r.Key, Version = "1", Resource_ = Any.Pack(r.Value) }));
        Assert.Null(_holder.Apply(response));
    }
}
