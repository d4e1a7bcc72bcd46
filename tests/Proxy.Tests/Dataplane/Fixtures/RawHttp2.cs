using System.Net;
using System.Net.Sockets;
using System.Text;
using MeshOrleans.Proxy.Http2.Frames;
using MeshOrleans.Proxy.Tests.Http2;

namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>One request of HTTP/2 over a socket, with headers that a decent client would never send.</summary>
internal static class RawHttp2
{
    /// <summary>Sends it and waits until its stream has ended.</summary>
    /// <returns>The bytes of the answer's body; null when the stream was reset, or the connection ended.</returns>
    public static async Task<string?> SendAsync(int port, (string Name, string Value)[] headers, string body = "")
    {
        try
        {
            return await ExchangeAsync(port, headers, body);
        }
        catch (IOException)
        {
            return null; // who refuses the head need not wait for the body
        }
    }

    private static async Task<string?> ExchangeAsync(int port, (string Name, string Value)[] headers, string body)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port).WaitAsync(TimeSpan.FromSeconds(20));
        await using var peer = new RawPeer(client.GetStream());
        await peer.GreetAsync();
        var flags = FrameHeader.EndHeaders | (body.Length == 0 ? FrameHeader.EndStream : 0);
        await peer.SendAsync(FrameType.Headers, flags, 1, RawPeer.Block(headers));
        if (body.Length > 0) await peer.SendAsync(FrameType.Data, FrameHeader.EndStream, 1, Encoding.Latin1.GetBytes(body));
        var answer = new StringBuilder();
        while (true)
        {
            var (header, payload) = await peer.NextAsync() ?? throw new EndOfStreamException("No answer came.");
            if (header.Type is FrameType.RstStream or FrameType.GoAway) return null;
            if (header.Type is FrameType.Settings && !header.Has(FrameHeader.Ack))
            {
                await peer.SendAsync(FrameType.Settings, FrameHeader.Ack, 0);
            }

            if (header.Type is FrameType.Data) answer.Append(Encoding.Latin1.GetString(payload));
            if (header.Type is FrameType.Data or FrameType.Headers && header.Has(FrameHeader.EndStream)) return answer.ToString();
        }
    }
}
