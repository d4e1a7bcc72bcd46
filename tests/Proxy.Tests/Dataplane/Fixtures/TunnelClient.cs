using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>A client that asks a proxy for a tunnel.</summary>
internal sealed class TunnelClient : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly TcpClient _client;

    private TunnelClient(TcpClient client, string head) => (_client, Stream, Head) = (client, client.GetStream(), head);

    /// <summary>The head of the answer, its empty line included; what there is of it when the connection ended before.</summary>
    public string Head { get; }

    public int Status => int.Parse(Head.Split(' ')[1]);

    public NetworkStream Stream { get; }

    public static Task<TunnelClient> ConnectAsync(TestProxy proxy, string authority, string early = "") =>
        SendAsync(proxy, $"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: test\r\n\r\n{early}");

    /// <summary>Sends one byte after another, and reads nothing yet.</summary>
    public static async Task<TunnelClient> SendInPiecesAsync(int port, string bytes)
    {
        var client = new TcpClient { NoDelay = true };
        using var limit = new CancellationTokenSource(Limit);
        await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
        foreach (var one in Encoding.Latin1.GetBytes(bytes))
        {
            await client.GetStream().WriteAsync(new[] { one }, limit.Token);
        }

        return new TunnelClient(client, "");
    }

    public static async Task<TunnelClient> SendAsync(TestProxy proxy, string bytes)
    {
        var client = new TcpClient { NoDelay = true };
        using var limit = new CancellationTokenSource(Limit);
        await client.ConnectAsync(IPAddress.Loopback, proxy.Server.OutboundPort, limit.Token);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(bytes), limit.Token);
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await client.GetStream().ReadAsync(one, limit.Token) == 0) break;
            head.Append((char)one[0]);
        }

        return new TunnelClient(client, head.ToString());
    }

    public ValueTask WriteAsync(string text) => Stream.WriteAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Reads so many bytes.</summary>
    public async Task<string> ReadAsync(int length)
    {
        using var limit = new CancellationTokenSource(Limit);
        var buffer = new byte[length];
        await Stream.ReadExactlyAsync(buffer, limit.Token);
        return Encoding.Latin1.GetString(buffer);
    }

    /// <summary>Reads until the peer has ended; a reset is an end like any other.</summary>
    public async Task<string> ReadToEndAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await Stream.ReadAsync(buffer, limit.Token) is > 0 and var read)
            {
                text.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (IOException)
        {
            // reset
        }

        return text.ToString();
    }

    public void EndSending() => _client.Client.Shutdown(SocketShutdown.Send);

    public void Dispose() => _client.Dispose();
}
