using System.Net;
using MeshOrleans.Proxy.Dataplane.Connections;
using MeshOrleans.Proxy.Dataplane.Tls;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>
/// The connections under TLS that this proxy has made, for requests or bytes: those to a server whose certificate is revoked are
/// ended when that becomes known. Whoever has its key is not to learn anything more.
/// </summary>
internal sealed partial class ServerConnections : OpenConnections<ServerConnection>
{
    private readonly ProxyState _state;
    private readonly Revocations _revocations;
    private readonly ILogger _logger;

    public ServerConnections(ProxyState state, Revocations revocations, ILogger<ServerConnections> logger)
    {
        (_state, _revocations, _logger) = (state, revocations, logger);
        revocations.Changed += JudgeAll;
    }

    protected override string? FindFault(ServerConnection connection) =>
        _revocations.FindFault(connection.Shown, FileOf(connection.Settings.Cluster));

    protected override void End(ServerConnection connection, string fault)
    {
        LogEnded($"{connection.Shown!.Identity}", connection.Settings.Cluster, connection.Server, fault);
        connection.Cut();
    }

    // as the model in force says: whoever names a list now means what is open as well
    private string FileOf(string cluster) =>
        _state.Model.Clusters.GetValueOrDefault(cluster)?.Tls is { SkipVerification: false } tls ? tls.RevokedFile : "";

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "A connection to '{Identity}' at {Server} ({Cluster}) is ended, who is trusted no longer: {Fault}")]
    private partial void LogEnded(string identity, string cluster, EndPoint? server, string fault);
}
