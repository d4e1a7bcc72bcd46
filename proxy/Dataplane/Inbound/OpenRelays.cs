using System.Net;
using MeshOrleans.Proxy.Dataplane.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>
/// The connections of bytes that are open at one port, or at a gateway. No request comes on them that could be judged, so they
/// are judged anew when policy or roots change, and those that would not be let in any more are ended.
/// </summary>
internal sealed partial class OpenRelays : OpenConnections<InboundConnection>
{
    private readonly ProxyState _state;
    private readonly PeerTrust _trust;
    private readonly ILogger _logger;

    public OpenRelays(ProxyState state, PeerTrust trust, ILogger logger)
    {
        (_state, _trust, _logger) = (state, trust, logger);
        state.Applied += JudgeAll;
        state.TrustChanged += _ => JudgeAll();
    }

    protected override string? FindFault(InboundConnection connection)
    {
        if (connection.FindFault(_state.Model) is { } ofRules) return ofRules;
        var leaf = connection.Connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        return _trust.IsStillTrusted(connection, leaf, out var problem)
            ? null
            : problem ?? "its certificate is trusted no longer";
    }

    protected override void End(InboundConnection connection, string fault)
    {
        if (!connection.Cut($"The connection would not be let in any more: {fault}")) return;
        LogEnded(connection.WorkloadPort, connection.Caller.PeerId, connection.Connection.RemoteEndPoint, fault);
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Port {Port} ends a connection of '{Identity}' from {Peer}: {Fault}.")]
    private partial void LogEnded(int port, string identity, EndPoint? peer, string fault);
}
