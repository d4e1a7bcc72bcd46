using System.Net;
using System.Net.Sockets;
using System.Text;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>A tunnel that an application has asked its sidecar for.</summary>
public sealed class Tunnel : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TcpClient _client;
    private readonly NetworkStream _stream;

    private Tunnel(TcpClient client, NetworkStream stream, string head) =>
        (_client, _stream, Head) = (client, stream, head);

    /// <summary>The head of the answer, its empty line included; what there is of it when the connection ended.</summary>
    public string Head { get; }

    /// <summary>The status of the answer.</summary>
    public int Status => int.Parse(Head.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Asks for a tunnel.</summary>
    public static async Task<Tunnel> ConnectAsync(Member member, string authority)
    {
        using var limit = new CancellationTokenSource(Limit);
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, member.OutboundPort, limit.Token);
        var stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n"), limit.Token);
        var (head, one) = (new StringBuilder(), new byte[1]);
        try
        {
            while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                if (await stream.ReadAsync(one, limit.Token) == 0) break;
                head.Append((char)one[0]);
            }
        }
        catch (IOException)
        {
            // a reset may overtake the answer
        }

        return new Tunnel(client, stream, head.ToString());
    }

    /// <summary>Sends a text and its end, and returns what comes back until the other side ends or resets.</summary>
    public Task<string> ExchangeAsync(string text) => ExchangeAsync(text, isLast: true);

    /// <summary>Sends a request and returns the answer: an HTTP server takes an early end for a client that is gone.</summary>
    public Task<string> RequestAsync(string request) => ExchangeAsync(request, isLast: false);

    public void Dispose() => _client.Dispose();

    private async Task<string> ExchangeAsync(string text, bool isLast)
    {
        using var limit = new CancellationTokenSource(Limit);
        var (heard, buffer) = (new StringBuilder(), new byte[4096]);
        try
        {
            await _stream.WriteAsync(Encoding.ASCII.GetBytes(text), limit.Token);
            if (isLast) _client.Client.Shutdown(SocketShutdown.Send);
            for (int read; (read = await _stream.ReadAsync(buffer, limit.Token)) > 0;)
            {
                heard.Append(Encoding.ASCII.GetString(buffer, 0, read));
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // reset
        }

        return heard.ToString();
    }
}
