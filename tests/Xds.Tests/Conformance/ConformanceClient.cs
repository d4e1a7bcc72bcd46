using Google.Protobuf;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Tests.Gateway;
using MeshOrleans.Xds.Tests.Raw;

namespace MeshOrleans.Xds.Tests.Conformance;

/// <summary>
/// A discovery client on a raw HTTP/2 stream that says the same in either method, so that one test states a rule for
/// both. It keeps what the protocol has a client keep (names and the last nonce of each type), and breaks a rule only
/// where it is told to.
/// </summary>
internal sealed class ConformanceClient : IAsyncDisposable
{
    private readonly Mode _mode;
    private readonly RawConnection _connection;
    private readonly bool _ownsConnection;
    private readonly Dictionary<string, SortedSet<string>> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _nonces = new(StringComparer.Ordinal);
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private int _probes;

    private ConformanceClient(Mode mode, RawConnection connection, bool ownsConnection, RawStream stream) =>
        (_mode, _connection, _ownsConnection, Stream) = (mode, connection, ownsConnection, stream);

    public RawStream Stream { get; }

    /// <summary>What the first request carries; null sends none.</summary>
    public Node? Node { get; set; } = AdsClient.Node();

    /// <summary>The path of a method.</summary>
    public static string Path(Mode mode) => "/envoy.service.discovery.v3.AggregatedDiscoveryService/"
        + (mode is Mode.Delta ? "DeltaAggregatedResources" : "StreamAggregatedResources");

    /// <summary>Opens a stream, on a connection of its own unless there is one.</summary>
    public static async Task<ConformanceClient> OpenAsync(
        GatewayHost host, Mode mode, RawConnection? connection = null, int window = 32 << 20)
    {
        var raw = connection ?? await RawConnection.OpenAsync(host.Address);
        return new ConformanceClient(mode, raw, connection is null, await raw.PostAsync(Path(mode), window));
    }

    /// <summary>Asks for all clusters as the first thing, takes them and acknowledges.</summary>
    public async Task<Answer> LoadAsync()
    {
        await SubscribeAsync(TypeUrls.Cluster);
        return await TakeAsync(TypeUrls.Cluster);
    }

    /// <summary>Subscribes to further names; to everything of the type when there are none.</summary>
    public Task SubscribeAsync(string typeUrl, params string[] names)
    {
        Names(typeUrl).UnionWith(names);
        return SendAsync(typeUrl, add: names.Length == 0 ? ["*"] : names, nonce: NonceOf(typeUrl));
    }

    /// <summary>Gives names up, and acknowledges the last response where the method cannot do one without it.</summary>
    public Task UnsubscribeAsync(string typeUrl, params string[] names)
    {
        Names(typeUrl).ExceptWith(names);
        return SendAsync(typeUrl, remove: names, nonce: NonceOf(typeUrl));
    }

    public Task AckAsync(Answer answer) => SendAsync(answer.TypeUrl, nonce: answer.Nonce, version: answer.Version);

    public Task NackAsync(Answer answer, string error) => SendAsync(answer.TypeUrl, nonce: answer.Nonce, error: error);

    /// <summary>Sends one request: in one method all names that are subscribed, in the other what changes.</summary>
    public Task SendAsync(
        string typeUrl,
        string[]? add = null,
        string[]? remove = null,
        string nonce = "",
        string version = "",
        string? error = null,
        params (string Name, string Version)[] held)
    {
        var status = error is null ? null : new Protocol.Rpc.Status { Code = 3, Message = error };
        var node = Node;
        Node = null;
        if (_mode is Mode.StateOfTheWorld)
        {
            return SendAsync(new DiscoveryRequest
            {
                TypeUrl = typeUrl,
                Node = node,
                ResponseNonce = nonce,
                VersionInfo = version,
                ErrorDetail = status,
                ResourceNames = { Names(typeUrl).Count == 0 ? [] : Names(typeUrl) },
            });
        }

        var request = new DeltaDiscoveryRequest
        {
            TypeUrl = typeUrl,
            Node = node,
            ResponseNonce = nonce,
            ErrorDetail = status,
            ResourceNamesSubscribe = { add ?? [] },
            ResourceNamesUnsubscribe = { remove ?? [] },
        };
        foreach (var (name, heldVersion) in held) request.InitialResourceVersions[name] = heldVersion;
        return SendAsync(request);
    }

    public Task SendAsync(IMessage request) => Stream.SendAsync(request);

    /// <summary>The next response, which must be of this type and have a nonce of its own.</summary>
    public async Task<Answer> NextAsync(string typeUrl)
    {
        var answer = await NextAsync();
        Assert.Equal(typeUrl, answer.TypeUrl);
        return answer;
    }

    public async Task<Answer> NextAsync()
    {
        var message = await Stream.NextAsync();
        Assert.True(message is not null, $"A response was to come. {(message is null ? await Stream.EndAsync() : null)}");
        var answer = _mode is Mode.Delta
            ? Answer.Of(DeltaDiscoveryResponse.Parser.ParseFrom(message))
            : Answer.Of(DiscoveryResponse.Parser.ParseFrom(message));
        Assert.True(_seen.Add(answer.Nonce), $"Nonce {answer.Nonce} has come twice.");
        _nonces[answer.TypeUrl] = answer.Nonce;
        return answer;
    }

    /// <summary>The next response, acknowledged.</summary>
    public async Task<Answer> TakeAsync(string typeUrl)
    {
        var answer = await NextAsync(typeUrl);
        await AckAsync(answer);
        return answer;
    }

    /// <summary>
    /// Proves that nothing has been sent: requests are served in order, and the answer to one that comes last is the next
    /// thing to arrive.
    /// </summary>
    /// <param name="probe">The type to ask for; one that the test does not look at.</param>
    public async Task SilenceAsync(string probe = TypeUrls.RouteConfiguration)
    {
        var name = $"probe-{++_probes}";
        await SubscribeAsync(probe, name);
        var answer = await NextAsync(probe);
        if (_mode is Mode.Delta || probe == TypeUrls.RouteConfiguration)
        {
            Assert.Equal([name], answer.Names.Concat(answer.Removed));
        }

        await AckAsync(answer);
    }

    public Task<StreamEnd> EndAsync() => Stream.EndAsync();

    public async ValueTask DisposeAsync()
    {
        if (_ownsConnection) await _connection.DisposeAsync();
        else if (!Stream.IsOver) await Stream.ResetAsync();
    }

    private SortedSet<string> Names(string typeUrl)
    {
        if (!_names.TryGetValue(typeUrl, out var names)) _names[typeUrl] = names = new(StringComparer.Ordinal);
        return names;
    }

    private string NonceOf(string typeUrl) =>
        _mode is Mode.StateOfTheWorld ? _nonces.GetValueOrDefault(typeUrl, "") : "";
}
