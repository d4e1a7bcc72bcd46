using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Patches;
using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>
/// A delta client that does everything right: it takes over what it is sent, acknowledges it, asks for the endpoints of
/// the clusters it is told of, and comes back naming what it holds. What it holds in the end can be compared.
/// </summary>
/// <param name="host">The gateway.</param>
/// <param name="takesPatches">It takes patches of what it holds, and looks whether they make what they say.</param>
internal sealed class DeltaMirror(GatewayHost host, bool takesPatches = false) : IAsyncDisposable
{
    private static readonly string[] _types =
        [TypeUrls.Cluster, TypeUrls.ClusterLoadAssignment, TypeUrls.Listener, TypeUrls.RouteConfiguration];

    private static readonly ProxyScope _scope = new() { Namespace = "app", ServiceAccount = "default" }; // of the test's node

    private readonly Dictionary<string, Dictionary<string, string>> _held =
        _types.ToDictionary(t => t, _ => new Dictionary<string, string>());

    private readonly Dictionary<(string Type, string Name), byte[]> _bodies = [];
    private readonly HashSet<string> _endpoints = [];
    private AdsClient _client = host.Delta();
    private Task<Answer>? _reading;

    /// <summary>How many patches have come.</summary>
    public int Patches { get; private set; }

    /// <summary>Opens a stream, the first or another, and names what is held.</summary>
    public async Task OpenAsync()
    {
        var node = AdsClient.Node();
        if (takesPatches) node.Metadata = new() { Fields = { [ResourcePatches.Metadata] = Value.ForString("true") } };
        await _client.ChangeAsync(TypeUrls.Cluster, ["*"], node: node, held: Held(TypeUrls.Cluster));
        await _client.ChangeAsync(TypeUrls.Listener, ["*"], held: Held(TypeUrls.Listener));
        await _client.ChangeAsync(TypeUrls.RouteConfiguration, ["80"], held: Held(TypeUrls.RouteConfiguration));
        if (_endpoints.Count > 0)
        {
            await _client.ChangeAsync(
                TypeUrls.ClusterLoadAssignment, [.. _endpoints], held: Held(TypeUrls.ClusterLoadAssignment));
        }
    }

    /// <summary>Loses the stream and opens another.</summary>
    public async Task ReopenAsync()
    {
        await _client.DisposeAsync();
        _reading = null;
        _client = host.Delta();
        await OpenAsync();
    }

    /// <summary>No longer wants the endpoints of a cluster, or wants them again.</summary>
    public async Task ToggleAsync(string cluster)
    {
        if (_endpoints.Remove(cluster))
        {
            _held[TypeUrls.ClusterLoadAssignment].Remove(cluster);
            await _client.ChangeAsync(TypeUrls.ClusterLoadAssignment, remove: [cluster]);
        }
        else
        {
            _endpoints.Add(cluster);
            await _client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [cluster]);
        }
    }

    /// <summary>Whether it wants the endpoints of a cluster.</summary>
    public bool Follows(string cluster) => _endpoints.Contains(cluster);

    /// <summary>The clusters it may toggle.</summary>
    public string[] Clusters => [.. _held[TypeUrls.Cluster].Keys.Where(IsAsked).Order(StringComparer.Ordinal)];

    /// <summary>Takes over what has come so far.</summary>
    public async Task TakeAsync()
    {
        while ((_reading ??= _client.NextAsync()).IsCompleted) await TakeOneAsync();
    }

    /// <summary>Goes on until it holds what the mesh has.</summary>
    public async Task SettleAsync(MeshSnapshot mesh, string what)
    {
        var truth = SnapshotTranslator.Translate(new TranslationInput(mesh with { }, _scope));
        for (var end = DateTime.UtcNow.AddSeconds(15); Difference(truth) is { } difference;)
        {
            _reading ??= _client.NextAsync();
            await Task.WhenAny(_reading, Task.Delay(5));
            if (_reading.IsCompleted) await TakeOneAsync();
            else host.Clock.Advance(TimeSpan.FromMilliseconds(50)); // what waits for a client waits for this one in vain
            Assert.True(DateTime.UtcNow < end, $"{what}: {difference}");
        }
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private async Task TakeOneAsync()
    {
        var answer = await _reading!;
        _reading = null;
        var held = _held[answer.TypeUrl];
        foreach (var (name, version, content) in answer.Resources)
        {
            if (answer.TypeUrl is TypeUrls.Cluster or TypeUrls.Listener)
            {
                Assert.True(held.GetValueOrDefault(name) != version, $"{name} was sent again though it is held.");
            }

            // what was on its way when it was given up is nobody's
            if (answer.TypeUrl == TypeUrls.ClusterLoadAssignment && !_endpoints.Contains(name)) continue;
            _bodies[(answer.TypeUrl, name)] = Whole(answer.TypeUrl, name, version, content);
            held[name] = version;
        }

        foreach (var name in answer.Removed) held.Remove(name);
        await _client.AckAsync(answer);
        if (answer.TypeUrl == TypeUrls.Cluster) await FollowAsync(answer);
    }

    private byte[] Whole(string type, string name, string version, Any content)
    {
        var bytes = content.ToByteArray();
        if (content.TypeUrl == ResourcePatches.TypeUrl)
        {
            Patches++;
            var patch = ResourcePatch.Parser.ParseFrom(content.Value);
            Assert.Equal(_held[type][name], patch.BaseVersion);
            Assert.True(patch.CalculateSize() <= _bodies[(type, name)].Length);
            bytes = PatchReader.Apply(_bodies[(type, name)], patch, int.MaxValue)!;
        }

        Assert.Equal(version, ContentVersion.Of(bytes));
        return bytes;
    }

    private async Task FollowAsync(Answer clusters)
    {
        string[] added = [.. clusters.Names.Where(n => IsAsked(n) && _endpoints.Add(n))];
        string[] gone = [.. clusters.Removed.Where(_endpoints.Remove)];
        foreach (var name in gone) _held[TypeUrls.ClusterLoadAssignment].Remove(name);
        if (added.Length + gone.Length > 0) await _client.ChangeAsync(TypeUrls.ClusterLoadAssignment, added, gone);
    }

    private string? Difference(ResourceSet truth)
    {
        foreach (var group in truth.Groups)
        {
            var wanted = group.Resources
                .Where(r => group.TypeUrl != TypeUrls.ClusterLoadAssignment || _endpoints.Contains(r.Name))
                .Where(r => group.TypeUrl != TypeUrls.RouteConfiguration || r.Name == "80")
                .ToDictionary(r => r.Name, r => r.Version);
            var held = _held[group.TypeUrl];
            var missing = wanted.Where(w => held.GetValueOrDefault(w.Key) != w.Value).Select(w => w.Key).FirstOrDefault();
            if (missing is not null) return $"{group.TypeUrl} {missing} is not what it should be";
            var extra = held.Keys.FirstOrDefault(h => !wanted.ContainsKey(h) && h != "80");
            if (extra is not null) return $"{group.TypeUrl} {extra} should be gone";
        }

        return null;
    }

    private (string, string)[] Held(string type) => [.. _held[type].Select(h => (h.Key, h.Value))];

    private static bool IsAsked(string cluster) => cluster.StartsWith("outbound|", StringComparison.Ordinal);
}
