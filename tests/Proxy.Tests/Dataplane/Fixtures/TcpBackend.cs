using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>A server of bytes: says its name first, then gives back what it is sent, in capitals, until that ends.</summary>
internal sealed class TcpBackend : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _serving;
    private readonly string _greeting;
    private int _connections;

    public TcpBackend(string greeting = "")
    {
        _greeting = greeting;
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many connections there have been.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync();
                Interlocked.Increment(ref _connections);
                _ = EchoAsync(socket);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // stopped
        }
    }

    private async Task EchoAsync(Socket socket)
    {
        try
        {
            using var stream = new NetworkStream(socket, ownsSocket: true);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(_greeting));
            var buffer = new byte[4096];
            while (await stream.ReadAsync(buffer) is > 0 and var read)
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(buffer, 0, read).ToUpperInvariant()));
            }
        }
        catch (IOException)
        {
            // the caller has gone
        }
    }
}
