using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>
/// The connections of clients that were checked by roots of this machine: those whose certificate the list beside the roots comes
/// to name are ended then, with whatever is under way on them.
/// </summary>
internal sealed partial class EdgeClients
{
    private readonly ConcurrentDictionary<ConnectionContext, EdgeConnection> _open = new();
    private readonly IEdgeCredentials _credentials;
    private readonly ILogger _logger;

    public EdgeClients(IEdgeCredentials credentials, ILogger<EdgeClients> logger)
    {
        (_credentials, _logger) = (credentials, logger);
        credentials.RootsChanged += EndAll;
    }

    /// <summary>A connection is past its handshake; it is ended at once if the client has been revoked since then.</summary>
    public void Add(ConnectionContext connection, EdgeConnection edge)
    {
        if (edge.Shown is null) return;
        _open.TryAdd(connection, edge);
        End(connection, edge);
    }

    /// <summary>A connection has ended.</summary>
    public void Remove(ConnectionContext connection) => _open.TryRemove(connection, out _);

    private void EndAll()
    {
        foreach (var (connection, edge) in _open) End(connection, edge);
    }

    private void End(ConnectionContext connection, EdgeConnection edge)
    {
        var shown = edge.Shown!;
        if (_credentials.FindRoots(shown.Roots) is not { Revoked.Count: > 0 } roots) return;
        foreach (var (subject, issuer, serial) in shown.Chain)
        {
            if (!roots.Revoked.Contains((issuer, serial))) continue;
            if (!_open.TryRemove(connection, out _)) return; // it has ended, or somebody else has ended it
            LogEnded(edge.Socket.Name, edge.ClientAddress, subject);
            connection.Abort(new ConnectionAbortedException($"The client is trusted no longer: {subject} is revoked."));
            return;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Listener {Listener} ends a connection of {Client}: {Subject} is revoked.")]
    private partial void LogEnded(string listener, string client, string subject);
}
