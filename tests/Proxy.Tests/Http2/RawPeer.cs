using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using MeshOrleans.Proxy.Http2.Frames;
using MeshOrleans.Proxy.Http2.Hpack;

namespace MeshOrleans.Proxy.Tests.Http2;

/// <summary>A frame as it came.</summary>
internal sealed record RawFrame(FrameHeader Header, byte[] Payload)
{
    public uint Number(int at = 0) => BinaryPrimitives.ReadUInt32BigEndian(Payload.AsSpan(at));
}

/// <summary>One end of a connection that writes and reads frames by hand.</summary>
internal sealed class RawPeer(Stream stream) : IAsyncDisposable
{
    public static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly HpackDecoder _decoder = new(1_000_000);

    /// <summary>Two ends of one connection on the loopback.</summary>
    public static async Task<(Stream Client, Stream Server)> PairAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        var server = await listener.AcceptTcpClientAsync();
        server.NoDelay = true;
        return (client.GetStream(), server.GetStream());
    }

    public Task WriteAsync(params byte[] bytes) => stream.WriteAsync(bytes).AsTask();

    public Task SendAsync(FrameType type, int flags, int streamId, params byte[] payload)
    {
        var frame = new byte[FrameHeader.Size + payload.Length];
        new FrameHeader(payload.Length, type, (byte)flags, streamId).Write(frame);
        payload.CopyTo(frame, FrameHeader.Size);
        return WriteAsync(frame);
    }

    public Task SendNumberAsync(FrameType type, int streamId, uint number)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(payload, number);
        return SendAsync(type, 0, streamId, payload);
    }

    public async Task GreetAsync()
    {
        await WriteAsync(Preface);
        await SendAsync(FrameType.Settings, 0, 0);
    }

    /// <summary>Fields as a block, none of them remembered.</summary>
    public static byte[] Block(params string[] fields) => Block(fields.Select(field =>
    {
        var at = field.IndexOf(' ');
        return (field[..at], field[(at + 1)..]);
    }));

    /// <summary>Fields as a block, whatever their names are, none of them remembered.</summary>
    public static byte[] Block(IEnumerable<(string Name, string Value)> fields)
    {
        var output = new List<byte>();
        foreach (var (name, value) in fields) output.AddRange([0, .. Text(name), .. Text(value)]);

        return [.. output];

        static byte[] Text(string text) => text.Length < 127
            ? [(byte)text.Length, .. System.Text.Encoding.Latin1.GetBytes(text)]
            : [127, .. Long(text.Length - 127), .. System.Text.Encoding.Latin1.GetBytes(text)];

        static byte[] Long(int rest)
        {
            var bytes = new List<byte>();
            for (; rest >= 128; rest >>= 7) bytes.Add((byte)(rest | 128));
            bytes.Add((byte)rest);
            return [.. bytes];
        }
    }

    public Task AskAsync(int streamId, bool endsStream = true, params string[] fields) => SendAsync(
        FrameType.Headers,
        (endsStream ? FrameHeader.EndStream : 0) | FrameHeader.EndHeaders,
        streamId,
        Block([":method GET", ":scheme http", ":path /", ":authority a", .. fields]));

    /// <summary>The next frame of one of these kinds, others skipped; null at the end of the connection.</summary>
    public async Task<RawFrame?> NextAsync(params FrameType[] types)
    {
        while (await ReadAsync() is { } frame)
        {
            if (types.Length == 0 || types.Contains(frame.Header.Type)) return frame;
        }

        return null;
    }

    /// <summary>The fields of a frame of HEADERS.</summary>
    public string Fields(RawFrame frame)
    {
        var fields = new Sink();
        Assert.Equal(DecodeResult.Whole, _decoder.Decode(frame.Payload, fields));
        return string.Join('|', fields.All.Where(f => !f.StartsWith("date ", StringComparison.Ordinal)));
    }

    /// <summary>What the peer says when it ends the connection or a stream, as <c>GOAWAY 1</c> or <c>RST_STREAM 1</c>.</summary>
    public async Task<string> VerdictAsync() => await NextAsync(FrameType.GoAway, FrameType.RstStream) switch
    {
        null => "closed",
        { Header.Type: FrameType.GoAway } frame => $"GOAWAY {(Http2Error)frame.Number(4)}",
        var frame => $"RST_STREAM {(Http2Error)frame.Number()}",
    };

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async Task<RawFrame?> ReadAsync()
    {
        using var limit = new CancellationTokenSource(_patience);
        try
        {
            var head = new byte[FrameHeader.Size];
            await stream.ReadExactlyAsync(head, limit.Token);
            var header = FrameHeader.Read(head);
            var payload = new byte[header.Length];
            await stream.ReadExactlyAsync(payload, limit.Token);
            return new RawFrame(header, payload);
        }
        catch (Exception exception) when (exception is EndOfStreamException or IOException)
        {
            return null;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException("The peer neither sent the frame that was awaited nor closed the connection.");
        }
    }

    private sealed class Sink : IFieldSink
    {
        public List<string> All { get; } = [];

        public void Take(string name, string value) => All.Add($"{name} {value}");
    }
}
