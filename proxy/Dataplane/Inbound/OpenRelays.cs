using System.Collections.Concurrent;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>
/// The connections of bytes that are open at one port. No request comes on them that could be judged, so they are judged anew
/// when policy or roots change, and those that would not be let in any more are ended.
/// </summary>
internal sealed partial class OpenRelays
{
    private readonly ConcurrentDictionary<ConnectionContext, InboundConnection> _open = new();
    private readonly int _workloadPort;
    private readonly ProxyState _state;
    private readonly PeerTrust _trust;
    private readonly ILogger _logger;

    public OpenRelays(int workloadPort, ProxyState state, PeerTrust trust, ILogger logger)
    {
        (_workloadPort, _state, _trust, _logger) = (workloadPort, state, trust, logger);
        state.Applied += JudgeAll;
        state.TrustChanged += _ => JudgeAll();
    }

    /// <summary>A connection has been let in; what has changed since it was judged counts at once.</summary>
    public void Add(ConnectionContext connection, InboundConnection inbound)
    {
        _open.TryAdd(connection, inbound);
        Judge(connection, inbound);
    }

    /// <summary>A connection has ended.</summary>
    public void Remove(ConnectionContext connection) => _open.TryRemove(connection, out _);

    private void JudgeAll()
    {
        foreach (var (connection, inbound) in _open) Judge(connection, inbound);
    }

    private void Judge(ConnectionContext connection, InboundConnection inbound)
    {
        if (FindFault(connection, inbound) is not { } fault) return;
        if (!_open.TryRemove(connection, out _)) return; // it has ended, or somebody else has ended it
        LogEnded(_workloadPort, inbound.Caller.PeerId, connection.RemoteEndPoint, fault);
        connection.Abort(new ConnectionAbortedException($"The connection would not be let in any more: {fault}"));
    }

    private string? FindFault(ConnectionContext connection, InboundConnection inbound)
    {
        if (!_state.Current.Model.Inbound.TryGetValue(_workloadPort, out var port)) return "the port is gone";
        if (port.Mode is InboundTlsMode.Strict && !inbound.Caller.IsMutualTls) return "the port takes mesh mTLS only";
        var leaf = connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        if (!_trust.IsStillTrusted(inbound, leaf, out var problem)) return problem ?? "its certificate is trusted no longer";
        var view = new ConnectionView(connection, inbound);
        var verdict = port.Authorization.DecideConnection(in view);
        return verdict.Allowed ? null : $"refused by {verdict.Policy ?? "no policy that allows it"}";
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Port {Port} ends a connection of '{Identity}' from {Peer}: {Fault}.")]
    private partial void LogEnded(int port, string identity, System.Net.EndPoint? peer, string fault);
}
