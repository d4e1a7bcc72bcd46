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
    public static Task<string> GetAsync(string address, int port) => SendAsync(address, port, "GET");

    /// <summary>The same with a method of its own, spelt as given.</summary>
    public static async Task<string> SendAsync(string address, int port, string method)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Parse(address), port);
        var stream = socket.GetStream();
        var heard = new StringBuilder();
        try
        {
            var request = $"{method} / HTTP/1.1\r\nHost: plain\r\nConnection: close\r\n\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
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
