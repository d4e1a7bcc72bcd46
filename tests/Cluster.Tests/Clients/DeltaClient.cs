using System.Collections.Concurrent;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Grpc;

namespace MeshOrleans.Cluster.Tests.Clients;

/// <summary>
/// A discovery client over the plaintext port, as a sidecar is one: it keeps one delta stream open, to one gateway after
/// the other, names what it holds when it opens the next, and counts what it is sent again all the same.
/// </summary>
internal sealed class DeltaClient : IAsyncDisposable
{
    private const string Method = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
    private static readonly string[] _wildcards = [TypeUrls.Cluster, TypeUrls.Listener];

    private readonly ConcurrentDictionary<(string Type, string Name), string> _held = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpMessageInvoker _invoker;
    private readonly string _id;
    private readonly Task _loop;
    private int _repeated;
    private volatile IReadOnlyList<string> _gateways;
    private volatile string? _gateway;

    private DeltaClient(string id, string gateway, HttpMessageInvoker invoker)
    {
        (_id, _gateways, _invoker) = (id, [gateway], invoker);
        _loop = RunAsync();
    }

    /// <summary>Begins with one gateway, the only one that it knows as yet.</summary>
    public static DeltaClient Start(string id, string gateway, HttpMessageInvoker invoker) => new(id, gateway, invoker);

    /// <summary>Which gateways it goes to from its next stream on, one after the other.</summary>
    public IReadOnlyList<string> Gateways
    {
        set => _gateways = value;
    }

    /// <summary>The gateway whose stream is open and has brought everything; null while there is none.</summary>
    public string? Gateway => _gateway;

    /// <summary>Resources that it was sent although it held the very same.</summary>
    public int Repeated => Volatile.Read(ref _repeated);

    /// <summary>How many resources it holds.</summary>
    public int Held => _held.Count;

    /// <summary>Whether it holds a resource of a name.</summary>
    public bool Holds(string typeUrl, string name) => _held.ContainsKey((typeUrl, name));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        for (var attempt = 0; !_stop.IsCancellationRequested; attempt++)
        {
            try
            {
                var gateways = _gateways;
                await StreamAsync(gateways[attempt % gateways.Count]);
            }
            catch (Exception exception) when (exception is GrpcException or OperationCanceledException)
            {
                // the next one
            }

            _gateway = null;
            if (!_stop.IsCancellationRequested) await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }

    private async Task StreamAsync(string gateway)
    {
        var channel = new GrpcChannel(_invoker, new Uri($"http://{gateway}"), TimeProvider.System);
        await using var call = channel.OpenDuplex<DeltaDiscoveryRequest, DeltaDiscoveryResponse>(
            Method, DeltaDiscoveryResponse.Parser, GrpcCallOptions.Default, _stop.Token);
        var node = new Node { Id = _id, UserAgentName = "cluster-test" };
        foreach (var type in _wildcards) await AskAsync(call, type, ["*"], type == _wildcards[0] ? node : null);
        await AskAsync(call, TypeUrls.ClusterLoadAssignment, [.. NamesOf(TypeUrls.Cluster)], null);
        await foreach (var response in call.ReadAllAsync(_stop.Token))
        {
            Take(response);
            await call.WriteAsync(
                new DeltaDiscoveryRequest { TypeUrl = response.TypeUrl, ResponseNonce = response.Nonce }, _stop.Token);
            if (response.TypeUrl == TypeUrls.Cluster)
            {
                await AskAsync(call, TypeUrls.ClusterLoadAssignment, [.. response.Resources.Select(r => r.Name)], null);
            }

            _gateway = gateway;
        }
    }

    private void Take(DeltaDiscoveryResponse response)
    {
        foreach (var resource in response.Resources)
        {
            var key = (response.TypeUrl, resource.Name);
            if (_held.TryGetValue(key, out var held) && held == resource.Version) Interlocked.Increment(ref _repeated);
            _held[key] = resource.Version;
        }

        foreach (var name in response.RemovedResources) _held.TryRemove((response.TypeUrl, name), out _);
    }

    private IEnumerable<string> NamesOf(string type) => _held.Keys.Where(k => k.Type == type).Select(k => k.Name);

    private async Task AskAsync(
        GrpcDuplexCall<DeltaDiscoveryRequest, DeltaDiscoveryResponse> call, string type, string[] names, Node? node)
    {
        if (names.Length == 0) return;
        var request = new DeltaDiscoveryRequest { TypeUrl = type, Node = node };
        request.ResourceNamesSubscribe.AddRange(names);
        var wanted = names is ["*"] ? null : names.ToHashSet(StringComparer.Ordinal);
        foreach (var (key, version) in _held)
        {
            if (key.Type == type && wanted?.Contains(key.Name) != false)
            {
                request.InitialResourceVersions[key.Name] = version;
            }
        }

        await call.WriteAsync(request, _stop.Token);
    }
}
