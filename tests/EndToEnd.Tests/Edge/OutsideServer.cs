using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace MeshOrleans.EndToEnd.Tests.Edge;

/// <summary>A server outside of the mesh that takes TLS only, and answers every request with 200.</summary>
internal sealed class OutsideServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate;

    public OutsideServer(X509Certificate2 certificate)
    {
        _certificate = certificate;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The heads of all requests.</summary>
    public ConcurrentQueue<string> Heads { get; } = new();

    /// <summary>The names asked for in handshakes.</summary>
    public ConcurrentQueue<string> ServerNames { get; } = new();

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception exception) when (exception is SocketException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using var own = client;
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate });
            ServerNames.Enqueue(tls.TargetHostName);
            using var reader = new StreamReader(tls, Encoding.ASCII);
            while (await ReadHeadAsync(reader) is { } head)
            {
                Heads.Enqueue(head);
                await tls.WriteAsync("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\noutside"u8.ToArray());
            }
        }
        catch (Exception exception) when (exception is IOException or System.Security.Authentication.AuthenticationException)
        {
            // A client that hangs up, or that does not speak TLS: the test looks at what was asked.
        }
    }

    private static async Task<string?> ReadHeadAsync(StreamReader reader)
    {
        var head = new StringBuilder();
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.Length == 0) return head.ToString();
            head.Append(line.ToLowerInvariant()).Append('\n');
        }

        return null;
    }
}
