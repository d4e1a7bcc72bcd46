using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>
/// The connections of mesh mTLS of a port, or of a gateway: those of a peer whose certificate is revoked are ended when that becomes known,
/// with whatever is under way on them. Whoever has its key is not to finish anything.
/// </summary>
internal sealed partial class PeerConnections
{
    private readonly ConcurrentDictionary<ConnectionContext, InboundConnection> _open = new();
    private readonly ProxyState _state;
    private readonly ILogger _logger;

    public PeerConnections(ProxyState state, ILogger logger)
    {
        (_state, _logger) = (state, logger);
        state.TrustChanged += End;
    }

    /// <summary>A connection is past its handshake; it is ended at once if the peer has been revoked since its handshake.</summary>
    public void Add(ConnectionContext connection, InboundConnection inbound)
    {
        if (!inbound.Caller.IsMutualTls) return;
        _open.TryAdd(connection, inbound);
        if (_state.Identity is { } identity) End(connection, inbound, identity);
    }

    /// <summary>A connection has ended.</summary>
    public void Remove(ConnectionContext connection) => _open.TryRemove(connection, out _);

    private void End(TlsIdentity identity)
    {
        if (identity.Revoked.IsEmpty) return;
        foreach (var (connection, inbound) in _open) End(connection, inbound, identity);
    }

    private void End(ConnectionContext connection, InboundConnection inbound, TlsIdentity identity)
    {
        var revoked = identity.Revoked.In(inbound.Caller.Id!.TrustDomain.Name);
        if (revoked.Count == 0 || Find(connection, inbound, revoked) is not { } found) return;
        LogEnded(inbound.WorkloadPort, inbound.Caller.PeerId, found);
        connection.Abort(new ConnectionAbortedException($"The peer is trusted no longer: {found}"));
    }

    private static RevokedCertificate? Find(
        ConnectionContext connection, InboundConnection inbound, RevokedCertificates revoked)
    {
        if (connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate is { } leaf
            && revoked.Find(leaf) is { } found)
        {
            return found;
        }

        foreach (X509Certificate2 further in inbound.Presented)
        {
            if (revoked.Find(further) is { } above) return above;
        }

        return null;
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Port {Port} ends a connection of '{Identity}', who is trusted no longer: {Problem}")]
    private partial void LogEnded(int port, string identity, RevokedCertificate problem);
}
