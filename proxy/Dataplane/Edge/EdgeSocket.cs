using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>One open socket of the edge and the connections that came through it.</summary>
/// <remarks>
/// The transport's listener is disposed with its last connection only: until then they use its memory.
/// </remarks>
internal sealed class EdgeSocket
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly IConnectionListener _listener;
    private readonly EdgeTransport _transport;
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<EdgeConnection, bool> _connections = new();
    private readonly Task _accepting;
    private int _leases = 1; // its own

    public EdgeSocket(
        string name, IPEndPoint wanted, IConnectionListener listener, EdgeTransport transport, TimeProvider clock)
    {
        (Name, Wanted, _listener, _transport, _clock) = (name, wanted, listener, transport, clock);
        _accepting = AcceptAsync();
    }

    /// <summary>The listener's name.</summary>
    public string Name { get; }

    /// <summary>Where it was to listen.</summary>
    public IPEndPoint Wanted { get; }

    /// <summary>Where it does.</summary>
    public EndPoint EndPoint => _listener.EndPoint;

    public IEnumerable<EdgeConnection> Connections => _connections.Keys;

    /// <summary>Takes no more connections, and asks for the end of those that there are.</summary>
    public async Task CloseAsync()
    {
        await _listener.UnbindAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        foreach (var connection in Connections) connection.Retire();
        await ReleaseAsync().ConfigureAwait(false);
    }

    /// <summary>A connection has ended.</summary>
    public void Exit(EdgeConnection connection)
    {
        _connections.TryRemove(connection, out _);
        _ = ReleaseAsync(); // closes what is unbound: nothing of it can fail or wait
    }

    private async Task AcceptAsync()
    {
        while (await NextAsync().ConfigureAwait(false) is { } connection)
        {
            var edge = new EdgeConnection(this, connection);
            connection.Features.Set(edge);
            Interlocked.Increment(ref _leases);
            _connections[edge] = true;
            if (await _transport.OfferAsync(connection).ConfigureAwait(false)) continue;
            await connection.DisposeAsync().ConfigureAwait(false);
            edge.End();
            return;
        }
    }

    // What the machine lacks now (open files, memory) it may have again soon; nobody else would go on accepting.
    private async ValueTask<ConnectionContext?> NextAsync()
    {
        while (true)
        {
            try
            {
                return await _listener.AcceptAsync().ConfigureAwait(false);
            }
            catch (SocketException)
            {
                await Task.Delay(AfterFailure, _clock).ConfigureAwait(false);
            }
        }
    }

    private async Task ReleaseAsync()
    {
        if (Interlocked.Decrement(ref _leases) == 0) await _listener.DisposeAsync().ConfigureAwait(false);
    }
}
