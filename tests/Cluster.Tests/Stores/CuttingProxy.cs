using System.Net;
using System.Net.Sockets;

namespace MeshOrleans.Cluster.Tests.Stores;

/// <summary>What a <see cref="CuttingProxy"/> does to the connection over which the next marked bytes go.</summary>
internal enum Cut
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It ends before the server has seen them.</summary>
    BeforeServer,

    /// <summary>The server gets them and does its work; its answer never arrives.</summary>
    BeforeAnswer,

    /// <summary>It ends for the client; the server gets them when the test says so, long after.</summary>
    Late,
}

/// <summary>
/// Stands between clients and a server. It cuts a connection at a moment that the test chooses, or holds back all that is
/// sent, as a network does that has lost its way.
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _connections = [];
    private readonly int _server;
    private readonly byte[] _mark;
    private readonly Task _accepting;
    private readonly TaskCompletionSource _isDue = new();
    private readonly TaskCompletionSource _isDelivered = new();
    private volatile TaskCompletionSource _open = new();
    private int _accepted;
    private int _cut;

    private CuttingProxy(int server, byte[] mark)
    {
        (_server, _mark) = (server, mark);
        _open.SetResult();
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Opens a port in front of a server.</summary>
    /// <param name="server">The server's port on 127.0.0.1.</param>
    /// <param name="mark">What the client's bytes must hold for a cut.</param>
    public static CuttingProxy Start(int server, byte[] mark) => new(server, mark);

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many connections have come.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>How often a connection was cut.</summary>
    public int Cuts { get; private set; }

    /// <summary>Cuts once, the next time.</summary>
    public void Arm(Cut cut) => Volatile.Write(ref _cut, (int)cut);

    /// <summary>From now on nothing arrives, in either direction, and no connection ends.</summary>
    public void Hold() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What was held back arrives, and all that comes after.</summary>
    public void LetPass() => _open.TrySetResult();

    /// <summary>Lets the server have what came <see cref="Cut.Late"/>, and waits until it has answered.</summary>
    public Task DeliverAsync()
    {
        _isDue.SetResult();
        return _isDelivered.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _connections.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
                Interlocked.Increment(ref _accepted);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // ended
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                await _open.Task.WaitAsync(ended.Token);
                await server.ConnectAsync(IPAddress.Loopback, _server, ended.Token);
                var mute = new TaskCompletionSource();
                var up = UpAsync(client, server.GetStream(), mute, ended.Token);
                var down = DownAsync(server.GetStream(), client.GetStream(), mute.Task, ended.Token);
                await Task.WhenAny(up, down);
                await ended.CancelAsync();
                await Task.WhenAll(up, down);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or IOException or InvalidOperationException)
            {
                // one side has gone; both connections end here
            }
        }
    }

    private async Task UpAsync(
        TcpClient client, NetworkStream server, TaskCompletionSource mute, CancellationToken cancellationToken)
    {
        var buffer = new byte[1 << 16];
        while (await client.GetStream().ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            await _open.Task.WaitAsync(cancellationToken);
            var isMarked = buffer.AsSpan(0, read).IndexOf(_mark) >= 0;
            var cut = isMarked ? (Cut)Interlocked.Exchange(ref _cut, (int)Cut.None) : Cut.None;
            if (cut is not Cut.None) Cuts++;
            if (cut is Cut.BeforeServer) return;
            if (cut is Cut.Late)
            {
                client.Client.Close();
                await _isDue.Task.WaitAsync(cancellationToken);
            }

            if (cut is not Cut.None) mute.SetResult();
            await server.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            if (cut is Cut.Late)
            {
                await _isDelivered.Task.WaitAsync(cancellationToken);
                return;
            }
        }
    }

    // Mute, it waits for the answer, so that the server has done its work, and then ends without passing it on.
    private async Task DownAsync(
        NetworkStream server, NetworkStream client, Task mute, CancellationToken cancellationToken)
    {
        var buffer = new byte[1 << 16];
        while (await server.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            await _open.Task.WaitAsync(cancellationToken);
            if (mute.IsCompleted)
            {
                _isDelivered.TrySetResult();
                return;
            }

            await client.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }
}
