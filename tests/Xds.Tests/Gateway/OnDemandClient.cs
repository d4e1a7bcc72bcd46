using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>
/// A client that asks on demand and does everything right: it takes over what it is sent, acknowledges it, and asks for
/// the endpoints and routes of the clusters and listeners it is told of.
/// </summary>
internal sealed class OnDemandClient(GatewayHost host, string? identity = null) : IAsyncDisposable
{
    private readonly Dictionary<(string Type, string Name), Any> _held = [];
    private readonly HashSet<string> _routes = [];
    private readonly HashSet<string> _endpoints = [];

    public AdsClient Ads { get; } = host.Delta(identity);

    /// <summary>The types of all responses so far, in order, as their last word.</summary>
    public List<string> Log { get; } = [];

    /// <summary>What it refuses.</summary>
    public Func<Answer, bool> Refuses { get; set; } = _ => false;

    /// <summary>The clusters of services that it holds, in order.</summary>
    public IEnumerable<string> Clusters => Names(TypeUrls.Cluster).Where(n => n.StartsWith("outbound|", StringComparison.Ordinal));

    public IEnumerable<string> Listeners => Names(TypeUrls.Listener);

    public static Node Node(string group = "", string id = AdsClient.NodeId)
    {
        var node = AdsClient.Node(id);
        var workload = new Struct { Fields = { ["group"] = Value.ForString(group) } };
        node.Metadata = new Struct
        {
            Fields =
            {
                [OnDemand.Metadata] = Value.ForString("true"),
                ["MESH_WORKLOAD"] = Value.ForStruct(workload),
            },
        };
        return node;
    }

    /// <summary>Opens the stream by naming hosts, and goes on until everything has come.</summary>
    public async Task OpenAsync(string[]? names = null, Node? node = null, string[]? held = null)
    {
        await Ads.ChangeAsync(
            TypeUrls.HostDemand, names ?? [], node: node ?? Node(), held: [.. (held ?? []).Select(h => (h, ""))]);
        await Ads.ChangeAsync(TypeUrls.Cluster, ["*"]);
        await Ads.ChangeAsync(TypeUrls.Listener, ["*"]);
        await UntilAsync(() => VirtualHosts(80).Any() && (names is null || Log.Contains("HostDemand")));
    }

    /// <summary>Asks for hosts, and takes over everything until they are answered.</summary>
    public async Task<Answer> DemandAsync(params string[] names)
    {
        await Ads.ChangeAsync(TypeUrls.HostDemand, names);
        return await AnsweredAsync();
    }

    /// <summary>Takes over everything until a demand is answered.</summary>
    public async Task<Answer> AnsweredAsync()
    {
        while (true)
        {
            var answer = await TakeAsync();
            if (answer.TypeUrl == TypeUrls.HostDemand) return answer;
        }
    }

    public async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            try
            {
                await TakeAsync();
            }
            catch (TimeoutException)
            {
                Assert.Fail($"Nothing more comes after {string.Join(", ", Log)}; it holds {string.Join(", ", _held.Keys)}.");
            }
        }
    }

    /// <summary>The hosts of a route table, by name without the port; the last is that of everything else.</summary>
    public IEnumerable<string> VirtualHosts(int port) =>
        _held.TryGetValue((TypeUrls.RouteConfiguration, $"{port}"), out var any)
            ? any.Unpack<RouteConfiguration>().VirtualHosts.Select(h => h.Name.Split(':')[0])
            : [];

    /// <summary>The next response, taken over and acknowledged.</summary>
    public async Task<Answer> TakeAsync()
    {
        var answer = await Ads.NextAsync();
        Log.Add(answer.TypeUrl[(answer.TypeUrl.LastIndexOf('.') + 1)..]);
        if (answer.TypeUrl == TypeUrls.HostDemand) return answer;
        if (Refuses(answer))
        {
            await Ads.NackAsync(answer, "no");
            return answer;
        }

        foreach (var (name, _, content) in answer.Resources) _held[(answer.TypeUrl, name)] = content;
        foreach (var name in answer.Removed) _held.Remove((answer.TypeUrl, name));
        await Ads.AckAsync(answer);
        if (answer.TypeUrl == TypeUrls.Cluster) await FollowAsync(TypeUrls.ClusterLoadAssignment, _endpoints, Clusters);
        if (answer.TypeUrl == TypeUrls.Listener) await FollowAsync(TypeUrls.RouteConfiguration, _routes, Tables());
        return answer;
    }

    public ValueTask DisposeAsync() => Ads.DisposeAsync();

    public ImmutableArray<string> Names(string type) =>
        [.. _held.Keys.Where(k => k.Type == type).Select(k => k.Name).Order(StringComparer.Ordinal)];

    private IEnumerable<string> Tables() => Names(TypeUrls.Listener)
        .Where(n => n.StartsWith("0.0.0.0_", StringComparison.Ordinal)).Select(n => n["0.0.0.0_".Length..]);

    private async Task FollowAsync(string type, HashSet<string> current, IEnumerable<string> wanted)
    {
        string[] names = [.. wanted];
        string[] added = [.. names.Where(current.Add)];
        string[] gone = [.. current.Except(names)];
        current.ExceptWith(gone);
        foreach (var name in gone) _held.Remove((type, name));
        if (added.Length + gone.Length > 0) await Ads.ChangeAsync(type, added, gone);
    }
}
