using System.Collections.Concurrent;
using System.Net;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>
/// The connections of mesh mTLS that this proxy has made, for requests or bytes: those to a server whose certificate is revoked
/// are ended when that becomes known, with whatever is under way on them. Whoever has its key is not to learn anything more.
/// </summary>
internal sealed partial class ServerConnections
{
    private readonly ConcurrentDictionary<ServerConnection, bool> _open = new();
    private readonly ProxyState _state;
    private readonly ILogger _logger;

    public ServerConnections(ProxyState state, ILogger<ServerConnections> logger)
    {
        (_state, _logger) = (state, logger);
        state.TrustChanged += End;
    }

    /// <summary>A connection is past its handshake.</summary>
    /// <returns>False when it is not to be used: the server has been revoked since its handshake.</returns>
    public bool TryAdd(ServerConnection connection)
    {
        _open.TryAdd(connection, true); // before the look: a change comes before it or finds the connection
        return _state.Identity is not { } identity || connection.FindIn(identity.Revoked) is null;
    }

    /// <summary>A connection has ended.</summary>
    public void Remove(ServerConnection connection) => _open.TryRemove(connection, out _);

    private void End(TlsIdentity identity)
    {
        if (identity.Revoked.IsEmpty) return;
        foreach (var connection in _open.Keys)
        {
            if (connection.FindIn(identity.Revoked) is not { } found || !_open.TryRemove(connection, out _)) continue;
            LogEnded(connection.Identity, RemoteOf(connection), found);
            connection.Cut();
        }
    }

    private static EndPoint? RemoteOf(ServerConnection connection)
    {
        try
        {
            return connection.Socket.RemoteEndPoint;
        }
        catch (Exception exception) when (exception is ObjectDisposedException or System.Net.Sockets.SocketException)
        {
            return null; // it ends by itself
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "A connection to '{Identity}' at {Server} is ended, who is trusted no longer: {Problem}")]
    private partial void LogEnded(SpiffeId? identity, EndPoint? server, RevokedCertificate problem);
}
