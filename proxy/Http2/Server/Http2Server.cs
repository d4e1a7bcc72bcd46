using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Http2.Server;

/// <summary>
/// Serves HTTP/2 in the place of Kestrel's: what a request leads to begins on the thread that has read it from the socket, and no
/// other one is woken for it.
/// </summary>
/// <param name="options">What serves.</param>
/// <param name="clock">The time.</param>
public sealed class Http2Server(ServerOptions options, TimeProvider clock)
{
    private readonly DateText _date = new(clock);

    /// <summary>Serves one connection to its end.</summary>
    /// <param name="connection">Its addresses and features.</param>
    /// <param name="stream">Its bytes, from the client's preface on. Disposed here.</param>
    public async Task ServeAsync(ConnectionContext connection, Stream stream)
    {
        await using var served = new ServerConnection(stream, connection, options, _date, clock);
        await served.ServeAsync().ConfigureAwait(false);
    }
}
