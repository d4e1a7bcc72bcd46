using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>
/// A server of bytes, behind TLS where it has a certificate: says its name first, then gives back what it is sent, in capitals,
/// until that ends.
/// </summary>
internal sealed class TcpBackend : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _serving;
    private readonly string _greeting;
    private readonly X509Certificate2? _certificate;
    private readonly TaskCompletionSource _ending = new();
    private int _connections;
    private int _ended;

    public TcpBackend(string greeting = "", X509Certificate2? certificate = null)
    {
        (_greeting, _certificate) = (greeting, certificate);
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>It does not end a connection whose other direction has ended, as one that is still to answer.</summary>
    public bool StaysOpen { get; init; }

    /// <summary>Of how many connections the caller has ended its direction.</summary>
    public int Ended => Volatile.Read(ref _ended);

    /// <summary>How many connections there have been.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        _ending.TrySetResult();
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
        catch (Exception exception) when (exception is SocketException or InvalidOperationException)
        {
            // stopped
        }
    }

    private async Task EchoAsync(Socket socket)
    {
        try
        {
            using var bytes = new NetworkStream(socket, ownsSocket: true);
            using var stream = await SecureAsync(bytes);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(_greeting));
            var buffer = new byte[4096];
            while (await stream.ReadAsync(buffer) is > 0 and var read)
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(buffer, 0, read).ToUpperInvariant()));
            }

            Interlocked.Increment(ref _ended);
            if (StaysOpen) await _ending.Task;
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException)
        {
            // the caller has gone
        }
    }

    private async Task<Stream> SecureAsync(Stream bytes)
    {
        if (_certificate is null) return bytes;
        var tls = new SslStream(bytes);
        await tls.AuthenticateAsServerAsync(_certificate);
        return tls;
    }
}
