using System.Net;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Upstream;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>Carries the bytes of a connection to an endpoint that is chosen once for all of it.</summary>
internal sealed partial class EdgeRelay(EdgeServices services, PeerTrust trust, ILogger<EdgeRelay> logger)
{
    private readonly OpenRelays _open = new(services.Common.State, trust, logger);

    public async Task RunAsync(ConnectionContext connection, EdgeConnection edge)
    {
        var (common, chain) = (services.Common, edge.Chain!);
        var view = new ConnectionView(connection, edge);
        var verdict = chain.Authorization.DecideConnection(in view);
        if (!verdict.Allowed)
        {
            LogDenied(edge.Socket.Name, edge.ClientAddress, verdict.Policy);
            connection.Abort();
            return;
        }

        var name = chain.Clusters!.Pick(services.Random).Name;
        var plan = common.State.Current.Clusters.GetValueOrDefault(name);
        if (plan?.Selection.Pick(plan, services.Random) is not { } slot)
        {
            LogNobody(edge.Socket.Name, edge.ClientAddress, name);
            connection.Abort();
            return;
        }

        var call = new BytesCall(
            connection.RemoteEndPoint as IPEndPoint, connection.LocalEndPoint as IPEndPoint, chain.Relay);
        common.Drain.Enter();
        slot.State.Begin();
        try
        {
            if (!_open.Add(edge)) return;
            await TcpRelay.RunAsync(
                connection,
                async token => edge.LeadTo(
                    await services.Connector.ConnectBytesAsync(plan, slot.Model, call, token).ConfigureAwait(false)),
                plan.Model.Connection.ConnectTimeout,
                chain.Relay,
                common.Metrics.Connections(edge.Caller, plan.Model, isInbound: false),
                common.Clock).ConfigureAwait(false);
        }
        finally
        {
            _open.Remove(edge);
            slot.State.End();
            common.Drain.Exit();
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Listener {Listener} refused a connection of {Client} by {Policy}.")]
    private partial void LogDenied(string listener, string client, string? policy);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Listener {Listener} closed a connection of {Client}: no healthy endpoint in {Cluster}.")]
    private partial void LogNobody(string listener, string client, string cluster);
}
