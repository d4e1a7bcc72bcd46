using System.Buffers;
using MeshOrleans.Xds.Gateway.Admission;
using MeshOrleans.Xds.Gateway.Hosting;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Tests.Gateway;
using MeshOrleans.Xds.Tests.Raw;

namespace MeshOrleans.Xds.Tests.Conformance;

/// <summary>
/// Frames that ask for nothing cut the connection of who floods the server with them, and nobody else's. The clock stands
/// still, so that the budget of a connection is exactly its burst.
/// </summary>
public sealed class FloodTests
{
    private const int Burst = 2_000;

    private static readonly Dictionary<string, Func<RawConnection, int, Frame[]>> _floods = new()
    {
        ["PING"] = (_, i) => [Frame.Ping(-i)],
        ["PING answers"] = (_, i) => [Frame.Ping(-i) with { Flags = Frame.Ack }],
        ["SETTINGS"] = (_, _) => [Frame.Settings()],
        ["RST_STREAM"] = (connection, _) => Reset(connection),
        ["small DATA"] = (connection, i) => Data(connection, i, Frame.Data(1, [])),
        ["small DATA of one byte"] = (connection, i) => Data(connection, i, [.. Enumerable.Repeat(Frame.Data(1, [0]), 10)]),
        ["small DATA that is padded"] = (connection, i) => Data(connection, i, [.. Enumerable.Repeat(Padded, 10)]),
        ["HEADERS"] = (connection, _) => [.. Enumerable.Range(0, 10).Select(_ => Headers(connection, Frame.EndHeaders | Frame.EndStream))],
        ["CONTINUATION"] = (connection, i) =>
            [i == 1 ? Headers(connection, 0) : new Frame(FrameType.Continuation, 0, 1, [])],
        ["PRIORITY"] = (_, _) => [new Frame(FrameType.Priority, 0, 1, [0, 0, 0, 0, 1])],
        ["unknown"] = (_, _) => [new Frame((FrameType)77, 0, 0, [])],
        ["WINDOW_UPDATE"] = (_, _) => [.. Enumerable.Repeat(Frame.WindowUpdate(0, 1), 10)],
    };

    /// <summary>One byte of content and 40 of padding.</summary>
    private static Frame Padded => new(FrameType.Data, 8, 1, [40, .. new byte[41]]);

    public static TheoryData<string> Floods => [.. _floods.Keys];

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task A_flood_cuts_the_connection_it_comes_on_and_no_other(string what)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var good = await ConformanceClient.OpenAsync(host, Mode.Delta);
        await good.LoadAsync();
        await using var connection = await RawConnection.OpenAsync(host.Address);
        await connection.PingAsync();

        await FloodAsync(connection, Enumerable.Range(1, Burst + 100).SelectMany(i => _floods[what](connection, i)));
        await connection.ClosedAsync();
        await host.UntilAsync(() => host.Metrics.Contains("mesh_xds_floods_cut_total 1\n", StringComparison.Ordinal), "the cut is counted");
        host.AddService();

        Assert.Equal([Mesh.D], (await good.TakeAsync(TypeUrls.Cluster)).Names);
        var name = what.StartsWith("small DATA", StringComparison.Ordinal) ? "small DATA" : what.Split(' ')[0];
        Assert.Single(host.Log.Lines, line => line.Text.Contains($"nothing, the last was {name}.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Behind_TLS_it_does_too()
    {
        await using var host = await GatewayHost.StartAsync(serving: TestCertificate.With());
        await using var connection = await RawConnection.OpenAsync(host.Address);

        await FloodAsync(connection, Enumerable.Range(1, Burst + 100).Select(i => Frame.Ping(-i)));

        await connection.ClosedAsync();
        await host.UntilAsync(() => host.Metrics.Contains("mesh_xds_floods_cut_total 1\n", StringComparison.Ordinal), "the cut is counted");
    }

    [Fact]
    public async Task What_a_well_behaved_client_sends_is_not_a_flood()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var connection = await RawConnection.OpenAsync(host.Address);
        await using var client = await ConformanceClient.OpenAsync(host, Mode.Delta, connection);
        await client.LoadAsync();

        // Windows given back for 80 MB in frames of 16 KiB, each twice; pings of hours.
        await FloodAsync(connection, Enumerable.Repeat(Frame.WindowUpdate(0, 16_384), 5_000)
            .Concat(Enumerable.Repeat(Frame.WindowUpdate(client.Stream.Id, 16_384), 5_000))
            .Concat(Enumerable.Range(1, 500).Select(i => Frame.Ping(-i))));
        await connection.PingAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        await FloodAsync(connection, Enumerable.Range(1, 1_900).Select(i => Frame.Ping(-i)));
        await connection.PingAsync();
        host.AddService();

        Assert.Equal([Mesh.D], (await client.TakeAsync(TypeUrls.Cluster)).Names);
        Assert.Contains("mesh_xds_floods_cut_total 0\n", host.Metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_carries_the_streams_of_many_or_sends_the_head_of_a_message_by_itself_is_borne()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var connection = await RawConnection.OpenAsync(host.Address);
        await using var client = await ConformanceClient.OpenAsync(host, Mode.Delta, connection);
        await client.LoadAsync();

        // A thousand streams that are opened and left open, five thousand messages in two frames each.
        await FloodAsync(connection, Enumerable.Range(0, 1_000).Select(_ => Headers(connection, Frame.EndHeaders)));
        var stream = connection.NewStream();
        await connection.SendAsync(new Frame(FrameType.Headers, Frame.EndHeaders, stream.Id, connection.Headers("/no.such.Service/Method")));
        await FloodAsync(connection, Enumerable.Range(0, 5_000).SelectMany(
            _ => (Frame[])[Frame.Data(stream.Id, [0, 0, 0, 0, 60]), Frame.Data(stream.Id, new byte[60])]));
        await connection.PingAsync();
        host.AddService();

        Assert.Equal([Mesh.D], (await client.TakeAsync(TypeUrls.Cluster)).Names);
        Assert.Contains("mesh_xds_floods_cut_total 0\n", host.Metrics, StringComparison.Ordinal);
    }

    [Fact]
    public void Frames_are_counted_the_same_wherever_the_bytes_are_cut()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var random = new Random(seed);
            var frames = Enumerable.Range(0, 300).Select(_ => Any(random)).ToArray();
            var costs = frames.Sum(f => f.Type switch
            {
                FrameType.Data when f.Has(Frame.EndStream) => 0,
                FrameType.Data => f.Payload.Length == 0 ? 10 : f.Payload.Length < 32 ? 1 : 0,
                FrameType.Headers => 1,
                FrameType.WindowUpdate => 1,
                _ => 10,
            });
            byte[] bytes = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. frames.SelectMany(f => f.ToBytes())];

            Assert.True(Scan(random, bytes, (costs / 10) + 1) < 0, $"seed {seed}: too much was counted");
            Assert.True(costs < 20 || Scan(random, bytes, (costs / 10) - 1) >= 0, $"seed {seed}: too little was counted");
        }
    }

    [Fact]
    public void Bytes_of_any_kind_are_borne()
    {
        for (var seed = 1; seed <= 500; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[random.Next(2_000)];
            random.NextBytes(bytes);
            if (random.Next(2) == 0) bytes = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. bytes];

            var type = Scan(random, bytes, burst: 5);

            Assert.True(type is >= -1 and <= 255, $"seed {seed}");
        }
    }

    [Fact]
    public void What_is_not_HTTP_2_is_none_of_its_business()
    {
        byte[] bytes = [.. "POST / HTTP/1.1\r\n\r\n"u8, .. Enumerable.Repeat(Frame.Ping(1), 100).SelectMany(f => f.ToBytes())];

        Assert.Equal(-1, Scan(new Random(1), bytes, burst: 1));
    }

    private static int Scan(Random random, byte[] bytes, int burst)
    {
        var scanner = new FrameScanner(new TokenBucket(burst, 1, new Testing.ManualTimeProvider()));
        for (var begin = 0; begin < bytes.Length;)
        {
            var length = Math.Min(random.Next(1, 40), bytes.Length - begin);
            if (scanner.Scan(new ReadOnlySequence<byte>(bytes, begin, length)) is var type and >= 0) return type;
            begin += length;
        }

        return -1;
    }

    private static Frame Any(Random random) =>
        new((FrameType)random.Next(12), (byte)random.Next(2), random.Next(100), new byte[random.Next(3) == 0 ? 0 : random.Next(600)]);

    /// <summary>Sends until the server has had enough.</summary>
    private static async Task FloodAsync(RawConnection connection, IEnumerable<Frame> frames)
    {
        try
        {
            foreach (var some in frames.Chunk(500)) await connection.SendAsync(some);
        }
        catch (IOException)
        {
            // The server has cut the connection.
        }
    }

    private static Frame[] Reset(RawConnection connection)
    {
        var stream = connection.NewStream();
        var headers = connection.Headers("/no.such.Service/Method");
        return [new Frame(FrameType.Headers, Frame.EndHeaders, stream.Id, headers), Frame.RstStream(stream.Id, 8)];
    }

    private static Frame[] Data(RawConnection connection, int i, params Frame[] frames) =>
        i == 1 ? [Headers(connection, Frame.EndHeaders)] : frames;

    private static Frame Headers(RawConnection connection, byte flags) => new(
        FrameType.Headers, flags, connection.NewStream().Id, connection.Headers(ConformanceClient.Path(Mode.Delta)));
}
