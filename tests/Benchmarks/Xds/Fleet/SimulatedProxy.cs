using System.Diagnostics;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Patches;

namespace MeshOrleans.Benchmarks.Xds.Fleet;

/// <summary>
/// One proxy: keeps a delta stream open, acknowledges everything, and comes back naming what it holds when it is lost.
/// </summary>
/// <param name="id">Its name.</param>
/// <param name="ns">Its namespace.</param>
/// <param name="gateway">Where it connects.</param>
/// <param name="called">What it says that it calls; empty for a proxy that does not ask on demand.</param>
/// <param name="manner">How it differs from others.</param>
/// <param name="tally">Counts what it gets.</param>
internal sealed class SimulatedProxy(
    string id, string ns, (string Host, int Port) gateway, string[] called, ProxyManner manner, FleetTally tally)
{
    private const string Method = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
    private const int Everything = 15; // a bit for each type
    private const int Demand = 4;
    private const string RouteName = "80"; // as istiod names the routes of a port

    private static readonly string[] _types =
        [TypeUrls.Cluster, TypeUrls.ClusterLoadAssignment, TypeUrls.Listener, TypeUrls.RouteConfiguration];

    private static readonly byte[][] _typeBytes =
        [.. _types.Append(TypeUrls.HostDemand).Select(Encoding.UTF8.GetBytes)];

    private readonly Dictionary<string, string>[] _held = [.. _types.Select(_ => new Dictionary<string, string>())];
    private int _answered;
    private TimeSpan? _comeBackIn;

    /// <summary>Keeps a stream open until it is told to end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var random = new Random(id.GetHashCode(StringComparison.Ordinal));
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await StreamAsync(cancellationToken);
            }
            catch (Exception exception) when (
                exception is System.Net.Sockets.SocketException or OperationCanceledException or FormatException)
            {
                tally.Failed(exception);
            }

            if (!manner.IsSlow) tally.Lost(_answered == Everything);
            var pause = PauseMilliseconds(random);
            _answered = 0;
            if (!cancellationToken.IsCancellationRequested) await Task.Delay(pause, CancellationToken.None);
        }
    }

    // When the gateway said, otherwise soon: it is the gateway that is measured, not how patient sidecars are.
    private int PauseMilliseconds(Random random)
    {
        var pause = _comeBackIn is { } hint ? (int)hint.TotalMilliseconds : random.Next(50, 250);
        _comeBackIn = null;
        return pause;
    }

    private async Task StreamAsync(CancellationToken cancellationToken)
    {
        using var call = await Http2Call.OpenAsync(
            gateway.Host, gateway.Port, Method, manner.IsSlow, cancellationToken);
        await call.SendAsync(Opening(), cancellationToken);
        long counted = 0;
        while (await call.ReadAsync(cancellationToken) is { } message)
        {
            var at = Stopwatch.GetTimestamp();
            tally.Received(call.Received - counted);
            counted = call.Received;
            if (Take(message.Span, at) is { Length: > 0 } reply) await call.SendAsync(reply, cancellationToken);
        }

        _comeBackIn = call.RetryAfter;
    }

    // Everything it knows to want, at once; a proxy that comes back knows all of it.
    private byte[] Opening()
    {
        var node = new Node
        {
            Id = $"sidecar~10.200.0.1~{id}.{ns}~{ns}.svc.cluster.local",
            UserAgentName = manner.IsEnvoy ? "envoy" : "mesh-bench",
        };
        var opening = new List<byte>();
        if (!manner.IsEnvoy) node.Metadata = new() { Fields = { [ResourcePatches.Metadata] = Value.ForString("true") } };
        if (called.Length > 0)
        {
            node.Metadata.Fields[OnDemand.Metadata] = Value.ForString("true");
            var demand = new DeltaDiscoveryRequest { TypeUrl = TypeUrls.HostDemand, Node = node };
            demand.ResourceNamesSubscribe.AddRange(called);
            opening.AddRange(Http2Call.Frame(demand.ToByteArray()));
        }

        for (var type = 0; type < _types.Length; type++)
        {
            string[] names = type is 0 or 2 ? ["*"] : type is 3 ? [RouteName] : [.. _held[0].Keys.Where(IsAsked)];
            if (names.Length == 0) continue;
            var request = new DeltaDiscoveryRequest { TypeUrl = _types[type], Node = type == 0 ? node : null };
            request.ResourceNamesSubscribe.AddRange(names);
            request.InitialResourceVersions.Add(_held[type]);
            if (type is 1 or 3 && _held[type].Count > 0) _answered |= 1 << type; // no answer means: nothing is new
            opening.AddRange(Http2Call.Frame(request.ToByteArray()));
        }

        return [.. opening];
    }

    private static bool IsAsked(string cluster) => cluster.StartsWith("outbound|", StringComparison.Ordinal);

    /// <summary>Takes over a response.</summary>
    /// <returns>The acknowledgement, and what is asked for besides.</returns>
    private byte[] Take(ReadOnlySpan<byte> message, long at)
    {
        var (type, nonce) = (-1, "");
        var (resources, names) = (0, new List<string>());
        var head = new DeltaReader(message);
        while (head.Next())
        {
            if (head.Field == 4) type = TypeOf(head.Content);
            else if (head.Field == 5) nonce = Encoding.UTF8.GetString(head.Content);
        }

        if (type == Demand) return []; // everything has come before it
        if (type < 0) throw new FormatException("a response of an unknown type");
        var body = new DeltaReader(message);
        while (body.Next())
        {
            if (body.Field == 2)
            {
                resources++;
                var name = tally.Share(DeltaReader.Text(body.Content, 3));
                var version = tally.Share(DeltaReader.Text(body.Content, 1));
                if (!_held[type].TryGetValue(name, out var held)) names.Add(name);
                else if (held == version) tally.Repeated();
                _held[type][name] = version;
                if (!manner.IsSlow) tally.Arrived(type, name, at);
            }
            else if (body.Field == 6)
            {
                _held[type].Remove(Encoding.UTF8.GetString(body.Content));
            }
        }

        tally.Took(resources);
        Answer(type, at);
        return Reply(type, nonce, names);
    }

    private void Answer(int type, long at)
    {
        if (_answered == Everything) return;
        _answered |= 1 << type;
        if (_held[0].Keys.Any(IsAsked) is false) _answered |= 2; // nothing to ask endpoints of
        if (_answered == Everything && !manner.IsSlow) tally.Synced(at);
    }

    private static byte[] Reply(int type, string nonce, List<string> names)
    {
        var acknowledgement = Http2Call.Frame(
            new DeltaDiscoveryRequest { TypeUrl = _types[type], ResponseNonce = nonce }.ToByteArray());
        if (type != 0) return acknowledgement;
        var request = new DeltaDiscoveryRequest { TypeUrl = TypeUrls.ClusterLoadAssignment };
        request.ResourceNamesSubscribe.AddRange(names.Where(IsAsked));
        return request.ResourceNamesSubscribe.Count == 0
            ? acknowledgement
            : [.. acknowledgement, .. Http2Call.Frame(request.ToByteArray())];
    }

    private static int TypeOf(ReadOnlySpan<byte> typeUrl)
    {
        for (var i = 0; i < _typeBytes.Length; i++)
        {
            if (typeUrl.SequenceEqual(_typeBytes[i])) return i;
        }

        return -1;
    }
}
