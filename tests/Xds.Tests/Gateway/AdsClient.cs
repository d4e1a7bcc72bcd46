using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Grpc;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>A raw discovery client: it sends what it is told to and decides nothing.</summary>
internal sealed class AdsClient : IAsyncDisposable
{
    public const string NodeId = "sidecar~10.0.0.1~a-1.app~app.svc.cluster.local";
    private const string Service = "/envoy.service.discovery.v3.AggregatedDiscoveryService";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly GrpcDuplexCall<DiscoveryRequest, DiscoveryResponse>? _sotw;
    private readonly GrpcDuplexCall<DeltaDiscoveryRequest, DeltaDiscoveryResponse>? _delta;
    private readonly List<Answer> _read = [];
    private int _probes;

    public AdsClient(GatewayHost host, bool delta, string? identity)
    {
        var options = new GrpcCallOptions
        {
            MaxMessageSize = 64 << 20,
            Metadata = identity is null ? [] : [KeyValuePair.Create(GatewayHost.IdentityHeader, identity)],
        };
        if (delta)
        {
            _delta = host.Channel.OpenDuplex<DeltaDiscoveryRequest, DeltaDiscoveryResponse>(
                $"{Service}/DeltaAggregatedResources", DeltaDiscoveryResponse.Parser, options, CancellationToken.None);
        }
        else
        {
            _sotw = host.Channel.OpenDuplex<DiscoveryRequest, DiscoveryResponse>(
                $"{Service}/StreamAggregatedResources", DiscoveryResponse.Parser, options, CancellationToken.None);
        }
    }

    public static Node Node(string id = NodeId) => new() { Id = id, UserAgentName = "test" };

    /// <summary>SotW: a request with the whole list of names.</summary>
    public Task SendAsync(string typeUrl, string[] names, string nonce = "", string version = "", string? error = null, Node? node = null)
    {
        var request = new DiscoveryRequest { TypeUrl = typeUrl, ResponseNonce = nonce, VersionInfo = version, Node = node };
        request.ResourceNames.AddRange(names);
        if (error is not null) request.ErrorDetail = new() { Code = 3, Message = error };
        return SendAsync(request);
    }

    public Task SendAsync(DiscoveryRequest request) => _sotw!.WriteAsync(request, CancellationToken.None).AsTask();

    public Task SendAsync(DeltaDiscoveryRequest request) => _delta!.WriteAsync(request, CancellationToken.None).AsTask();

    /// <summary>Delta: a change of the subscription, or an answer.</summary>
    public Task ChangeAsync(
        string typeUrl,
        string[]? add = null,
        string[]? remove = null,
        string nonce = "",
        string? error = null,
        Node? node = null,
        params (string Name, string Version)[] held)
    {
        var request = new DeltaDiscoveryRequest { TypeUrl = typeUrl, ResponseNonce = nonce, Node = node };
        request.ResourceNamesSubscribe.AddRange(add ?? []);
        request.ResourceNamesUnsubscribe.AddRange(remove ?? []);
        foreach (var (name, version) in held) request.InitialResourceVersions.Add(name, version);
        if (error is not null) request.ErrorDetail = new() { Code = 3, Message = error };
        return SendAsync(request);
    }

    /// <summary>The first request of a stream: all clusters, and the node.</summary>
    public async Task<Answer> OpenAsync(string nodeId = NodeId)
    {
        if (_delta is not null) await ChangeAsync(TypeUrls.Cluster, ["*"], node: Node(nodeId));
        else await SendAsync(TypeUrls.Cluster, [], node: Node(nodeId));
        return await NextAsync(TypeUrls.Cluster);
    }

    /// <summary>Acknowledges, with the names that are subscribed where the method repeats them.</summary>
    public Task AckAsync(Answer answer, params string[] names) => _delta is not null
        ? ChangeAsync(answer.TypeUrl, nonce: answer.Nonce)
        : SendAsync(answer.TypeUrl, names, answer.Nonce, answer.Version);

    public Task NackAsync(Answer answer, string error, params string[] names) => _delta is not null
        ? ChangeAsync(answer.TypeUrl, nonce: answer.Nonce, error: error)
        : SendAsync(answer.TypeUrl, names, answer.Nonce, error: error);

    /// <summary>The next response, which must be of this type.</summary>
    public async Task<Answer> NextAsync(string typeUrl)
    {
        var answer = await NextAsync();
        Assert.Equal(typeUrl, answer.TypeUrl);
        return answer;
    }

    public async Task<Answer> NextAsync()
    {
        var answer = await ReadAsync();
        Assert.NotNull(answer);
        Assert.DoesNotContain(_read, read => read.Nonce == answer.Nonce);
        _read.Add(answer);
        return answer;
    }

    /// <summary>The gateway has taken up the stream, before a word was said on it.</summary>
    public Task OpenedAsync() =>
        (_delta?.WaitForHeadersAsync(CancellationToken.None) ?? _sotw!.WaitForHeadersAsync(CancellationToken.None)).WaitAsync(Patience);

    /// <summary>How many responses came between the last that was asked for and the end.</summary>
    public int Unread { get; private set; }

    /// <summary>How the stream ends.</summary>
    public async Task<GrpcStatus> EndAsync()
    {
        try
        {
            while (await ReadAsync() is not null) Unread++;

            return GrpcStatus.Ok;
        }
        catch (GrpcException exception)
        {
            return exception.Status;
        }
    }

    public void Finish()
    {
        _sotw?.CompleteWrites();
        _delta?.CompleteWrites();
    }

    /// <summary>
    /// Proves that nothing has been sent: an answer to a further request comes next. Requests are served in order, so
    /// whatever the ones before had caused would have come first.
    /// </summary>
    public async Task SilenceAsync()
    {
        var name = $"probe-{++_probes}";
        if (_delta is not null)
        {
            await ChangeAsync(TypeUrls.RouteConfiguration, [name]);
        }
        else
        {
            var nonce = _read.LastOrDefault(a => a.TypeUrl == TypeUrls.RouteConfiguration)?.Nonce ?? "";
            await SendAsync(TypeUrls.RouteConfiguration, [.. Enumerable.Range(1, _probes).Select(i => $"probe-{i}")], nonce);
        }

        var answer = await NextAsync(TypeUrls.RouteConfiguration);
        Assert.Contains(name, answer.Names);
        if (_delta is not null) await AckAsync(answer);
    }

    public async ValueTask DisposeAsync()
    {
        if (_sotw is not null) await _sotw.DisposeAsync();
        if (_delta is not null) await _delta.DisposeAsync();
    }

    private async Task<Answer?> ReadAsync()
    {
        if (_delta is not null)
        {
            var delta = await _delta.ReadAsync(CancellationToken.None).AsTask().WaitAsync(Patience);
            return delta is null ? null : Answer.Of(delta);
        }

        var response = await _sotw!.ReadAsync(CancellationToken.None).AsTask().WaitAsync(Patience);
        return response is null ? null : Answer.Of(response);
    }
}
