using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Connections;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Dataplane.Tls;
using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Dataplane.Outbound;

/// <summary>
/// A connection whose destination is known before its first byte: chooses by that, and where it must by those bytes,
/// who serves it.
/// </summary>
/// <remarks>
/// A service of the mesh takes bytes by the rules of its port. A port of HTTP takes requests, which are routed as if they
/// had come to it. What nobody knows goes where it points, or nowhere. Bytes are read only after the caller was told that
/// it may speak; it is told so when somebody is there to listen, unless what it says decides who that is.
/// </remarks>
internal sealed class OutboundTunnel(
    InboundServices services, OutboundRelay relay, IHostDemand? demand, OwnPort ownPort)
{
    private static readonly TcpChainModel Passthrough =
        new() { Clusters = WeightedChoice.Of(UnknownHostRoutes.PassthroughCluster) };

    /// <summary>Serves a connection whose CONNECT has been read, or that was redirected.</summary>
    /// <param name="connection">The caller.</param>
    /// <param name="target">Where it wants to go.</param>
    /// <param name="isRedirected">It knows of no proxy, so that nothing is answered to it.</param>
    /// <param name="http">Who serves requests.</param>
    public async Task ServeAsync(
        ConnectionContext connection, TunnelTarget target, bool isRedirected, ConnectionDelegate http)
    {
        if (!isRedirected && ownPort.IsNamedBy(target.Host, target.Port))
        {
            await ConnectReply.RefuseAsync(connection, 400, "").ConfigureAwait(false);
            return;
        }

        if (demand is not null && IsAskedFor(services.State.Model, target))
        {
            await demand.WaitAsync(target.Host, target.Port, CancellationToken.None).ConfigureAwait(false);
        }

        var snapshot = services.State.Current;
        var model = snapshot.Model;
        var whose = OutboundDestination.Of(model, target.Host, target.Address, target.Port);
        var hasRequests = model.Outbound.ContainsKey(target.Port);
        var isKnown = whose.Requests is not null;

        // requests that were redirected name their host, which may be known though its address is not
        var mayBeRequests = isRedirected || whose.Shared is not null || model.OutboundPolicy is OutboundPolicy.AllowAny;
        if (isKnown || (whose.Service is null && hasRequests && mayBeRequests))
        {
            if (!isRedirected) await ConnectReply.AcceptAsync(connection).ConfigureAwait(false);
            var hasSent = whose.Undeclared is null
                ? await HasRequestsAsync(connection, isDeclared: isKnown && whose.Service is null).ConfigureAwait(false)
                : await FindRequestsAsync(connection).ConfigureAwait(false);
            if (hasSent is null)
            {
                connection.Abort(new ConnectionAbortedException("Nothing was said."));
                return;
            }

            if (hasSent.Value)
            {
                connection.Features.Set(target);
                await http(connection).ConfigureAwait(false);
                return;
            }

            var call = relay.Begin(connection, target, snapshot);
            if (!isRedirected) call.Status = 200;
            await RelayAsync(call, whose, isAccepted: true).ConfigureAwait(false);
            return;
        }

        var bytes = relay.Begin(connection, target, snapshot);
        await RelayAsync(bytes, whose, isRedirected).ConfigureAwait(false);
    }

    private async Task RelayAsync(TcpCall call, OutboundDestination whose, bool isAccepted)
    {
        var service = whose.Bytes;
        try
        {
            if (service is { NeedsServerName: true } && !isAccepted)
            {
                await AcceptAsync(call).ConfigureAwait(false);
                isAccepted = true;
            }

            if (service is { NeedsServerName: true })
            {
                // who speaks first may be a stranger behind a port that others use for TLS
                var isPatient = !service.IsShared || IsRegistryOnly(call);
                call.ServerName = await ServerNameAsync(call.Connection, isPatient).ConfigureAwait(false);
            }

            var chain = whose.Undeclared ?? (service is null ? null : Choose(call, service));
            var isUnknown = chain is null && service is null or { IsShared: true };
            if (isUnknown && IsRegistryOnly(call))
            {
                call.ClusterName = UnknownHostRoutes.BlackHoleCluster;
                call.Fail(ResponseFlags.NoHealthyUpstream, "no_healthy_upstream");
                await RefuseAsync(call, isAccepted, 502).ConfigureAwait(false);
                return;
            }

            if (isUnknown) chain = Passthrough;
            if (!await relay.ConnectAsync(call, chain).ConfigureAwait(false))
            {
                await RefuseAsync(call, isAccepted, 503).ConfigureAwait(false);
                return;
            }

            if (!isAccepted) await AcceptAsync(call).ConfigureAwait(false);
            await relay.CarryAsync(call, chain!.Relay).ConfigureAwait(false);
        }
        finally
        {
            relay.End(call);
        }
    }

    private static TcpChainModel? Choose(TcpCall call, TcpServiceModel service) =>
        service.Choose(call.Target.Address, call.ServerName, call.Source?.Address);

    private static bool IsRegistryOnly(TcpCall call) =>
        call.Snapshot.Model.OutboundPolicy is OutboundPolicy.RegistryOnly;

    private static async ValueTask AcceptAsync(TcpCall call)
    {
        call.Status = 200;
        await ConnectReply.AcceptAsync(call.Connection).ConfigureAwait(false);
    }

    private static async ValueTask RefuseAsync(TcpCall call, bool isAccepted, int status)
    {
        if (isAccepted)
        {
            call.Connection.Abort(new ConnectionAbortedException("Nobody takes the connection."));
            return;
        }

        call.Status = status;
        await ConnectReply.RefuseAsync(
            call.Connection,
            status,
            ConnectReply.BodyOf(call.Flags),
            call.Flags is ResponseFlags.UpstreamOverflow).ConfigureAwait(false);
    }

    /// <summary>Whether requests follow. Where the port says so nothing else is served, whatever comes.</summary>
    private async ValueTask<bool> HasRequestsAsync(ConnectionContext connection, bool isDeclared)
    {
        var spoken = SpokenProtocol.Incomplete;
        await FirstLook.TakeAsync(
            connection,
            arrived => (spoken = HttpSniff.Read(arrived)) is not SpokenProtocol.Incomplete,
            isDeclared ? services.Options.FirstBytesTimeout : services.Options.ServerFirstTimeout,
            services.Clock).ConfigureAwait(false);
        if (spoken is SpokenProtocol.Http2) PlaintextHttp2.Mark(connection);
        return isDeclared || spoken is SpokenProtocol.Http1 or SpokenProtocol.Http2;
    }

    /// <summary>Whether requests follow where nobody has said what is spoken; null when nothing does.</summary>
    private async ValueTask<bool?> FindRequestsAsync(ConnectionContext connection)
    {
        var spoken = await ProtocolSearch.FindAsync(connection, services.Options, services.Clock).ConfigureAwait(false);
        if (spoken is SpokenProtocol.Http2) PlaintextHttp2.Mark(connection);
        return spoken is null ? null : spoken is SpokenProtocol.Http1 or SpokenProtocol.Http2;
    }

    /// <summary>The name that a handshake asks for; empty when there is none, or it does not come in time.</summary>
    private async ValueTask<string> ServerNameAsync(ConnectionContext connection, bool isPatient)
    {
        ClientHello? hello = null;
        await FirstLook.TakeAsync(
            connection,
            arrived => ClientHello.Read(arrived, out hello) is not FirstBytes.Incomplete,
            isPatient ? services.Options.FirstBytesTimeout : services.Options.ServerFirstTimeout,
            services.Clock).ConfigureAwait(false);
        return hello?.ServerName ?? "";
    }

    private static bool IsAskedFor(ProxyModel model, TunnelTarget target)
    {
        if (model.OutboundTcp.Find(target.Host, target.Port) is not null) return false;
        return model.Outbound.GetValueOrDefault(target.Port) is { } listener
            ? listener.Routes.AsksOnDemand && OutboundDestination.FindRequests(model, target.Host, target.Port) is null
            : model.IsOnDemand;
    }
}
