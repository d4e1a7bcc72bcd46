using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>A server of bytes that says nothing, and knows what it was sent.</summary>
internal sealed class RecordingBackend : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<StringBuilder> _received = [];
    private readonly SemaphoreSlim _heard = new(0);
    private readonly Task _serving;

    public RecordingBackend()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What has come so far, by connection.</summary>
    public IReadOnlyList<string> Received
    {
        get
        {
            lock (_received) return [.. _received.Select(text => text.ToString())];
        }
    }

    /// <summary>Waits until some connection has sent a text.</summary>
    public async Task HearsAsync(string text)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!Received.Contains(text)) await _heard.WaitAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
        _heard.Dispose();
    }

    private async Task ServeAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(RecordAsync(await _listener.AcceptSocketAsync()));
        }
        catch (Exception exception) when (exception is SocketException or InvalidOperationException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task RecordAsync(Socket socket)
    {
        using var owned = socket;
        var text = new StringBuilder();
        _received.Add(text);
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer) is var read and > 0)
            {
                lock (_received) text.Append(Encoding.Latin1.GetString(buffer, 0, read));
                _heard.Release();
            }
        }
        catch (SocketException)
        {
            // reset
        }
    }
}
