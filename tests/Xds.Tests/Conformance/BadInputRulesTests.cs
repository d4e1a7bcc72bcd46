using System.Text;
using Google.Protobuf;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Tests.Gateway;
using MeshOrleans.Xds.Tests.Raw;

namespace MeshOrleans.Xds.Tests.Conformance;

/// <summary>
/// Each thing that a client must not send ends its stream with a status that says what was wrong, and nobody else's.
/// </summary>
public sealed class BadInputRulesTests
{
    /// <summary>What is sent as the first thing on a stream, by what is wrong with it.</summary>
    private static readonly Dictionary<string, (Func<Mode, byte[]> Bytes, GrpcStatusCode Code, string Text)> _first = new()
    {
        ["no node"] = (m => Message(m, null), GrpcStatusCode.InvalidArgument, "node.id"),
        ["a node without id"] = (m => Message(m, new Node()), GrpcStatusCode.InvalidArgument, "node.id"),
        ["an id of 513 characters"] = (m => Message(m, Named(new string('x', 513))), GrpcStatusCode.InvalidArgument, "512"),
        ["an id with NUL"] = (m => Message(m, Named("a\0b")), GrpcStatusCode.InvalidArgument, "node.id"),
        ["an id with a line break"] = (m => Message(m, Named("a\r\nb")), GrpcStatusCode.InvalidArgument, "node.id"),
        ["an id with DEL"] = (m => Message(m, Named("a\u007fb")), GrpcStatusCode.InvalidArgument, "node.id"),
        ["no protobuf"] = (_ => RawStream.GrpcFrame([0xff, 0xff, 0xff, 0x07]), GrpcStatusCode.Internal, "DiscoveryRequest"),
        ["text"] = (_ => RawStream.GrpcFrame(Encoding.UTF8.GetBytes("GET / HTTP/1.1")), GrpcStatusCode.Internal, "DiscoveryRequest"),
        ["no gRPC frame"] = (_ => [9, 9, 9, 9, 9, 9], GrpcStatusCode.Internal, "gRPC"),
        ["5 MiB"] = (_ => [0, 0, 0x50, 0, 0, 1, 2, 3], GrpcStatusCode.ResourceExhausted, "4194304"),
        ["4 GiB"] = (_ => [0, 0xff, 0xff, 0xff, 0xff], GrpcStatusCode.ResourceExhausted, "4194304"),
        ["a compressed message"] = (m => RawStream.GrpcFrame([31, 139, 8, 0], compressed: 1), GrpcStatusCode.Unimplemented, "ompressed"),
    };

    /// <summary>What is sent later on a stream that was in order.</summary>
    private static readonly Dictionary<string, (Action<RequestText> Fill, GrpcStatusCode Code, string Text)> _later = new()
    {
        ["a name with NUL"] = (r => r.Names = ["a\0b"], GrpcStatusCode.InvalidArgument, "control"),
        ["a name with a line break"] = (r => r.Names = ["a\nb"], GrpcStatusCode.InvalidArgument, "control"),
        ["a name with an escape"] = (r => r.Names = ["\u001b[31m"], GrpcStatusCode.InvalidArgument, "control"),
        ["a name of 2049 characters"] = (r => r.Names = [new string('x', 2049)], GrpcStatusCode.InvalidArgument, "2048"),
        ["10001 names"] = (r => r.Names = Many(10_001), GrpcStatusCode.ResourceExhausted, "10000"),
        ["NUL in a name given up"] = (r => r.GivenUp = ["a\0b"], GrpcStatusCode.InvalidArgument, "control"),
        ["NUL in a name that is held"] = (r => r.Held = ["a\0b"], GrpcStatusCode.InvalidArgument, "control"),
        ["30001 names of any kind"] = (
            r => (r.Names, r.GivenUp, r.Held) = (Many(10_000), Many(10_001), Many(10_000)), GrpcStatusCode.ResourceExhausted, "10000"),
    };

    public static TheoryData<Mode, string> First => Rows(_first.Keys);

    public static TheoryData<Mode, string> Later
    {
        get
        {
            var rows = new TheoryData<Mode, string>();
            foreach (var what in _later.Keys)
            {
                rows.Add(Mode.Delta, what);
                if (what.Contains("given up", StringComparison.Ordinal)
                    || what.Contains("held", StringComparison.Ordinal)
                    || what.Contains("any kind", StringComparison.Ordinal)) continue;
                rows.Add(Mode.StateOfTheWorld, what);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(First))]
    public async Task What_is_wrong_as_a_first_request_ends_the_stream_and_says_why(Mode mode, string what)
    {
        var (bytes, code, text) = _first[what];
        await using var host = await GatewayHost.StartAsync();
        await using var connection = await RawConnection.OpenAsync(host.Address);
        await using var other = await ConformanceClient.OpenAsync(host, mode, connection);
        await other.LoadAsync();
        var stream = await connection.PostAsync(ConformanceClient.Path(mode));

        await stream.SendBytesAsync(bytes(mode));
        var end = await stream.EndAsync();

        Assert.Equal((code, "200", "application/grpc"), (end.Code, end.HttpStatus, end.ContentType));
        Assert.Contains(text, end.Message, StringComparison.Ordinal);
        await other.SilenceAsync();
        Assert.DoesNotContain(host.Log.Lines, line => line.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
    }

    [Theory]
    [MemberData(nameof(Later))]
    public async Task What_is_wrong_later_ends_the_stream_and_says_why(Mode mode, string what)
    {
        var (fill, code, text) = _later[what];
        await using var host = await GatewayHost.StartAsync();
        await using var connection = await RawConnection.OpenAsync(host.Address);
        await using var other = await ConformanceClient.OpenAsync(host, mode, connection);
        await other.LoadAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode, connection);
        await client.LoadAsync();

        var request = new RequestText();
        fill(request);
        await client.SendAsync(request.ToMessage(mode));
        var end = await client.EndAsync();

        Assert.Equal(code, end.Code);
        Assert.Contains(text, end.Message, StringComparison.Ordinal);
        await other.SilenceAsync();
        Assert.DoesNotContain(host.Log.Lines, line => line.Text.Contains('\0') || line.Text.Contains('\u001b'));
    }

    [Theory]
    [InlineData(Mode.StateOfTheWorld)]
    [InlineData(Mode.Delta)]
    public async Task Bytes_that_are_no_request_end_a_stream_that_was_in_order(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.LoadAsync();

        await client.Stream.SendBytesAsync(RawStream.GrpcFrame([0x0a, 0x7f]));

        Assert.Equal(GrpcStatusCode.Internal, (await client.EndAsync()).Code);
    }

    [Theory]
    [InlineData(Mode.StateOfTheWorld)]
    [InlineData(Mode.Delta)]
    public async Task More_requests_than_allowed_end_the_stream_of_who_sends_them(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.RequestBurst = 20);
        await using var connection = await RawConnection.OpenAsync(host.Address);
        await using var other = await ConformanceClient.OpenAsync(host, mode, connection);
        await other.LoadAsync();
        await using var flood = await ConformanceClient.OpenAsync(host, mode, connection);
        await flood.SubscribeAsync(TypeUrls.Cluster);
        var answer = await flood.NextAsync(TypeUrls.Cluster);

        for (var i = 0; i < 20; i++) await flood.NackAsync(answer, "again");
        var end = await flood.EndAsync();

        Assert.Equal(GrpcStatusCode.ResourceExhausted, end.Code);
        Assert.Contains("100 requests per second", end.Message, StringComparison.Ordinal);
        await other.SilenceAsync();
    }

    private static TheoryData<Mode, string> Rows(IEnumerable<string> whats)
    {
        var rows = new TheoryData<Mode, string>();
        foreach (var what in whats)
        {
            rows.Add(Mode.StateOfTheWorld, what);
            rows.Add(Mode.Delta, what);
        }

        return rows;
    }

    private static byte[] Message(Mode mode, Node? node)
    {
        IMessage message = mode is Mode.Delta
            ? new DeltaDiscoveryRequest { TypeUrl = TypeUrls.Cluster, Node = node }
            : new DiscoveryRequest { TypeUrl = TypeUrls.Cluster, Node = node };
        return RawStream.GrpcFrame(message.ToByteArray());
    }

    private static Node Named(string id) => new() { Id = id };

    private static string[] Many(int count) => [.. Enumerable.Range(0, count).Select(i => $"c{i}")];

    /// <summary>The names of a request, in whichever field of it.</summary>
    private sealed class RequestText
    {
        public string[] Names { get; set; } = [];

        public string[] GivenUp { get; set; } = [];

        public string[] Held { get; set; } = [];

        public IMessage ToMessage(Mode mode)
        {
            if (mode is Mode.StateOfTheWorld)
            {
                return new DiscoveryRequest { TypeUrl = TypeUrls.ClusterLoadAssignment, ResourceNames = { Names } };
            }

            return new DeltaDiscoveryRequest
            {
                TypeUrl = TypeUrls.ClusterLoadAssignment,
                ResourceNamesSubscribe = { Names },
                ResourceNamesUnsubscribe = { GivenUp },
                InitialResourceVersions = { Held.ToDictionary(h => h, _ => "1") },
            };
        }
    }
}
