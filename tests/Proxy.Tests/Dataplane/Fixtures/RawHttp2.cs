using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>One request of HTTP/2 over a socket, with headers that a decent client would never send.</summary>
internal static class RawHttp2
{
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Reset = 3;
    private const byte Settings = 4;
    private const byte GoAway = 7;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Sends it and waits until its stream has ended.</summary>
    /// <returns>The bytes of the answer's body; null when the stream was reset.</returns>
    public static async Task<string?> SendAsync(int port, (string Name, string Value)[] headers, string body = "")
    {
        using var limit = new CancellationTokenSource(Limit);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
        var stream = client.GetStream();
        await stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), limit.Token);
        await stream.WriteAsync(Frame(Settings, 0, 0, []), limit.Token);
        byte[] block = [.. headers.SelectMany(h => (byte[])[0, .. Text(h.Name), .. Text(h.Value)])];
        await stream.WriteAsync(Frame(Headers, (byte)(EndHeaders | (body.Length == 0 ? EndStream : 0)), 1, block), limit.Token);
        if (body.Length > 0) await stream.WriteAsync(Frame(Data, EndStream, 1, Encoding.Latin1.GetBytes(body)), limit.Token);
        var answer = new StringBuilder();
        var head = new byte[9];
        while (true)
        {
            await stream.ReadExactlyAsync(head, limit.Token);
            var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
            await stream.ReadExactlyAsync(payload, limit.Token);
            if (head[3] is Reset or GoAway) return null;
            if (head[3] is Settings && head[4] == 0) await stream.WriteAsync(Frame(Settings, 1, 0, []), limit.Token);
            if (head[3] is Data) answer.Append(Encoding.Latin1.GetString(payload));
            if (head[3] is Data or Headers && (head[4] & EndStream) != 0) return answer.ToString();
        }
    }

    private static byte[] Text(string value) => [(byte)value.Length, .. Encoding.Latin1.GetBytes(value)];

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }
}
