using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>Bytes over a socket, for what a decent client would never send.</summary>
internal static class RawHttp
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Sends, and reads until the peer says nothing more for a moment or closes.</summary>
    /// <returns>What was answered; null when the connection was reset without an answer.</returns>
    public static Task<string?> SendAsync(int port, string text) => SendAsync(port, Encoding.Latin1.GetBytes(text));

    public static async Task<string?> SendAsync(int port, byte[] bytes)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var limit = new CancellationTokenSource(Limit);
        var answer = new StringBuilder();
        var buffer = new byte[16 * 1024];
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port, limit.Token); // a reset may come this early
            await socket.SendAsync(bytes, limit.Token);
            while (!IsWhole(answer.ToString()))
            {
                var read = await socket.ReceiveAsync(buffer, limit.Token);
                if (read == 0) break;
                answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (SocketException) when (answer.Length == 0)
        {
            return null;
        }

        return answer.ToString();
    }

    /// <summary>Sends, and reads until the peer closes; a reset is an end like any other.</summary>
    public static async Task<string> ConverseAsync(int port, string text)
    {
        using var client = new TcpClient { NoDelay = true };
        using var limit = new CancellationTokenSource(Limit);
        await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
        var sending = client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text), limit.Token);
        var answer = new StringBuilder();
        var buffer = new byte[16 * 1024];
        try
        {
            while (await client.GetStream().ReadAsync(buffer, limit.Token) is > 0 and var read)
            {
                answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }

            await sending;
        }
        catch (IOException)
        {
            // what was answered before counts
        }

        return answer.ToString();
    }

    private static bool IsWhole(string answer)
    {
        var head = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (head < 0) return false;
        var length = answer.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
        if (length < 0 || length > head) return answer.EndsWith("0\r\n\r\n", StringComparison.Ordinal);
        var number = answer[(length + 16)..answer.IndexOf('\r', length)];
        return answer.Length >= head + 4 + int.Parse(number);
    }
}
