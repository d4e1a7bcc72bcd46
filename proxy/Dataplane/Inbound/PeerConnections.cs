using System.Net;
using MeshOrleans.Proxy.Dataplane.Connections;
using MeshOrleans.Proxy.Dataplane.Tls;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>
/// The connections of a port, or of a gateway: those of a peer whose certificate is revoked are ended when that becomes known. Whoever
/// has its key is not to finish anything.
/// </summary>
internal sealed partial class PeerConnections : OpenConnections<InboundConnection>
{
    private readonly ProxyState _state;
    private readonly Revocations _revocations;
    private readonly ILogger _logger;

    public PeerConnections(ProxyState state, Revocations revocations, ILogger logger)
    {
        (_state, _revocations, _logger) = (state, revocations, logger);
        revocations.Changed += JudgeAll;
    }

    protected override string? FindFault(InboundConnection connection) =>
        _revocations.FindFault(connection.Shown, connection.RevokedFileIn(_state.Model));

    protected override void End(InboundConnection connection, string fault)
    {
        if (!connection.Cut($"The peer is trusted no longer: {fault}")) return;
        LogEnded(connection.WorkloadPort, connection.Caller.PeerId, connection.Connection.RemoteEndPoint, fault);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Port {Port} ends a connection of '{Identity}' from {Peer}, who is trusted no longer: {Fault}")]
    private partial void LogEnded(int port, string identity, EndPoint? peer, string fault);
}
