using System.Net;
using System.Net.Sockets;
using MeshOrleans.Proxy.Sidecar.Settings;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>
/// Stands between a sidecar and a gateway and can be frozen: then, as with a stopped process, connections are still
/// accepted and nothing comes back.
/// </summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly HostPort _target;
    private readonly Task _accepting;
    private volatile TaskCompletionSource _thawed = new();
    private int _accepted;
    private int _answers;

    public Relay(HostPort target, bool isFrozen = false)
    {
        _target = target;
        if (!isFrozen) _thawed.SetResult();
        _listener.Start();
        Address = new HostPort("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port);
        _accepting = AcceptAsync();
    }

    public HostPort Address { get; }

    /// <summary>How many connections were accepted.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>How often the gateway has said something, pings included.</summary>
    public int Answers => Volatile.Read(ref _answers);

    public void Freeze() => _thawed = new TaskCompletionSource();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting.ContinueWith(_ => { }, TaskScheduler.Default);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _accepted);
                connections.Add(ServeAsync(client));
            }
        }
        finally
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(_target.Host, _target.Port, _stop.Token);
                var up = CopyAsync(client.GetStream(), server.GetStream(), () => { });
                var down = CopyAsync(server.GetStream(), client.GetStream(), () => Interlocked.Increment(ref _answers));
                await Task.WhenAny(up, down);
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // One side is gone, and with it the other.
            }
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, Action onChunk)
    {
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var count = await from.ReadAsync(buffer, _stop.Token);
            if (count == 0) return;
            await _thawed.Task.WaitAsync(_stop.Token);
            await to.WriteAsync(buffer.AsMemory(0, count), _stop.Token);
            onChunk();
        }
    }
}
