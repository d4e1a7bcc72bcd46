using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Identity;
using MeshOrleans.Xds.Gateway.Streams;
using MeshOrleans.Xds.Gateway.Workloads;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Grpc;

namespace MeshOrleans.Xds.Tests.Conformance;

/// <summary>A node of any bytes becomes a proxy whose texts are printable, or is refused with a status.</summary>
public sealed class NodeFuzzTests
{
    private const int Rounds = 4_000;

    private static readonly string[] _keys =
        ["NAMESPACE", "SERVICE_ACCOUNT", "LABELS", "WORKLOAD_NAME", "NETWORK", "GENERATOR", "MESH_WORKLOAD", "ports", "address", "leaseSeconds", "a\nb", ""];

    private static readonly string[] _texts =
        ["", "app", "grpc", "a\0b", "\u001b[0m", "sidecar~10.0.0.1~a-1.app~app.svc.cluster.local", "~~~", "router~::1~x~y", new string('x', 3_000)];

    [Fact]
    public void Any_node_is_taken_or_refused_with_a_status()
    {
        var identity = SpiffeId.Parse("spiffe://cluster.local/ns/app/sa/a");
        var (taken, refused, unreadable) = (0, 0, 0);
        for (var seed = 1; seed <= Rounds; seed++)
        {
            var random = new Random(seed);
            var bytes = Any(random).ToByteArray();
            if (random.Next(3) == 0) Spoil(random, bytes);
            try
            {
                var proxy = ProxyNode.Of(Node.Parser.ParseFrom(bytes), random.Next(2) == 0 ? identity : null);
                var registration = WorkloadDescription.Of(proxy);
                Assert.True(IsPrintable(proxy) && (registration is null || NodeText.IsPrintable(registration.Address)), $"seed {seed}");
                taken++;
            }
            catch (GrpcException exception)
            {
                Assert.True(exception.Status.Code is GrpcStatusCode.InvalidArgument or GrpcStatusCode.PermissionDenied, $"seed {seed}");
                refused++;
            }
            catch (InvalidProtocolBufferException)
            {
                unreadable++; // the framing's business, which has its own tests
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}: {exception}");
            }
        }

        Assert.True(taken > 50 && refused > 50 && unreadable > 50, $"{taken} taken, {refused} refused, {unreadable} unreadable");
    }

    private static bool IsPrintable(ProxyNode proxy) =>
        new[] { proxy.Id, proxy.Address, proxy.WorkloadName, proxy.UserAgent, proxy.Scope.Namespace, proxy.Scope.ServiceAccount, proxy.Scope.Network }
            .Concat(proxy.Scope.Labels.SelectMany(l => new[] { l.Key, l.Value }))
            .All(text => NodeText.IsPrintable(text));

    private static Node Any(Random random)
    {
        var node = new Node { Id = random.Next(4) == 0 ? Text(random) : "node", UserAgentName = random.Next(8) == 0 ? Text(random) : "" };
        if (random.Next(8) == 0) node.Locality = new Locality { Region = Text(random), Zone = Text(random) };
        if (random.Next(4) > 0) node.Metadata = Fields(random, 0);
        return node;
    }

    private static Struct Fields(Random random, int depth)
    {
        var fields = new Struct();
        for (var i = random.Next(4); i > 0; i--) fields.Fields[_keys[random.Next(_keys.Length)]] = Of(random, depth);
        return fields;
    }

    private static Value Of(Random random, int depth) => random.Next(depth < 4 ? 7 : 5) switch
    {
        0 or 1 => Value.ForString(Text(random)),
        2 => Value.ForNumber(random.Next(3) switch { 0 => double.NaN, 1 => double.MaxValue, _ => random.Next(-1, 70_000) }),
        3 => Value.ForBool(true),
        4 => new Value(),
        5 => Value.ForList(Of(random, depth + 1)),
        _ => Value.ForStruct(Fields(random, depth + 1)),
    };

    private static string Text(Random random) => _texts[random.Next(_texts.Length)];

    private static void Spoil(Random random, byte[] bytes)
    {
        if (bytes.Length > 0) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
    }
}
