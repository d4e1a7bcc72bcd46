using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MeshOrleans.Samples.Harness;

/// <summary>A caller that is no member of the mesh: plain HTTP straight to a port.</summary>
public static class Plaintext
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Sends one request and returns every byte that came back; empty when the connection was closed without any.
    /// </summary>
    public static async Task<string> GetAsync(string address, int port)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Parse(address), port);
        var stream = socket.GetStream();
        var heard = new StringBuilder();
        try
        {
            await stream.WriteAsync("GET / HTTP/1.1\r\nHost: plain\r\nConnection: close\r\n\r\n"u8.ToArray());
            var buffer = new byte[4096];
            using var bound = new CancellationTokenSource(Patience);
            for (int read; (read = await stream.ReadAsync(buffer, bound.Token)) > 0;)
            {
                heard.Append(Encoding.ASCII.GetString(buffer, 0, read));
            }
        }
        catch (IOException)
        {
            // reset: that is one way of closing
        }

        return heard.ToString();
    }
}
