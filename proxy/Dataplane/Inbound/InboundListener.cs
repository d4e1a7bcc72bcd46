using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Connections;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>
/// Accepts the connections of one workload port and sorts them by their first bytes, which stay unread: mesh mTLS,
/// other TLS, plaintext; HTTP or bytes.
/// </summary>
internal sealed partial class InboundListener(
    int workloadPort, InboundServices services, ILogger<InboundListener> logger)
{
    private readonly PeerTrust _trust = new(services.State, services.Verifier);
    private readonly PeerConnections _peers = new(services.State, services.Revocations, logger);
    private readonly OpenRelays _relays = new(services.State, new PeerTrust(services.State, services.Verifier), logger);
    private ConnectionDelegate _http = null!;

    /// <summary>
    /// Puts the stages in front of Kestrel's HTTP: sort, TLS, and what is behind it. Sorting can skip TLS.
    /// </summary>
    public void Configure(ListenOptions listen)
    {
        listen.Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1AndHttp2;
        listen.Use(tls => connection => SortAsync(connection, tls));
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = HandshakeAsync });
        listen.Use(http =>
        {
            _http = connection => RequestLineReader.ServeAsync(connection, http);
            return ServeAsync;
        });
    }

    private async Task SortAsync(ConnectionContext connection, ConnectionDelegate tls)
    {
        if (!services.State.Current.Model.Inbound.TryGetValue(workloadPort, out var port))
        {
            connection.Abort(); // nothing is open before the control plane has said how
            return;
        }

        var inbound = new InboundConnection(workloadPort, connection);
        connection.Features.Set(inbound);
        var first = await LookAsync(connection, port, inbound).ConfigureAwait(false);
        var isMesh = first is FirstBytes.Tls && (inbound.Hello!.OffersMesh || port.Mode is InboundTlsMode.Strict);
        if (isMesh && port.Mode is not InboundTlsMode.Disable)
        {
            await tls(connection).ConfigureAwait(false);
        }
        else if (port.Mode is InboundTlsMode.Strict || first is FirstBytes.Incomplete)
        {
            if (first is not FirstBytes.Incomplete)
            {
                services.Metrics.CountPlaintextRefused();
                LogPlaintextRefused(workloadPort, connection.RemoteEndPoint);
                Remember(connection, port.Mode, first)?.Closed();
            }

            connection.Abort(new ConnectionAbortedException("The port takes mesh mTLS only."));
        }
        else
        {
            // mesh mTLS that this port does not end is none that it would refuse
            var caller = isMesh ? null : Remember(connection, port.Mode, first);
            try
            {
                // what only resembles a handshake is looked at as all else is
                var isOpaque = first is FirstBytes.Tls && port.Mode is InboundTlsMode.Permissive;
                await (isOpaque ? RelayAsync(connection, port, inbound) : ServeAsync(connection)).ConfigureAwait(false);
            }
            finally
            {
                caller?.Closed();
            }
        }
    }

    private PlaintextCaller? Remember(ConnectionContext connection, InboundTlsMode mode, FirstBytes first) =>
        connection.RemoteEndPoint is IPEndPoint { Address: var address }
            ? services.Options.PlaintextCallers?.Opened(workloadPort, address, mode, first is FirstBytes.Tls)
            : null;

    // What is behind TLS, or plaintext that may stay so.
    private async Task ServeAsync(ConnectionContext connection)
    {
        var inbound = connection.Features.Get<InboundConnection>()!;
        if (inbound.Shown is not null) _peers.Add(inbound); // nobody else can be found in a list
        try
        {
            await ServeOpenAsync(connection).ConfigureAwait(false);
        }
        finally
        {
            _peers.Remove(inbound);
        }
    }

    private Task ServeOpenAsync(ConnectionContext connection)
    {
        var inbound = connection.Features.Get<InboundConnection>()!;
        switch (services.State.Current.Model.Inbound.GetValueOrDefault(workloadPort))
        {
            case null:
                connection.Abort();
                return Task.CompletedTask;
            case { IsHttp: false } port:
                return RelayAsync(connection, port, inbound);
            case { MayBeBytes: true } when !HasAgreedOnHttp(connection):
                return ServeUndeclaredAsync(connection, inbound);
            default:
                return services.Hop is { } hop && Multiplexed(connection) is { } stream
                    ? hop.ServeAsync(connection, stream)
                    : _http(connection);
        }
    }

    private static bool HasAgreedOnHttp(ConnectionContext connection) =>
        connection.Features.Get<ISslStreamFeature>()?.SslStream is { } tls && MeshAlpn.IsHttp(tls.NegotiatedApplicationProtocol);

    // Nobody has said what is spoken here: the first bytes of the client do.
    private async Task ServeUndeclaredAsync(ConnectionContext connection, InboundConnection inbound)
    {
        SpokenProtocol? spoken;
        try
        {
            spoken = await ProtocolSearch.FindAsync(connection, services.Options, services.Clock).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException)
        {
            return; // gone before it said anything
        }

        switch (spoken)
        {
            case null:
                connection.Abort(new ConnectionAbortedException("Nothing was said."));
                return;
            case SpokenProtocol.ProxyHeader:
                LogProxyHeader(workloadPort, connection.RemoteEndPoint);
                connection.Abort(new ConnectionAbortedException("The port takes no header of a proxy."));
                return;
            case SpokenProtocol.Http1:
                await _http(connection).ConfigureAwait(false);
                return;
            case SpokenProtocol.Http2:
                PlaintextHttp2.Mark(connection);
                await _http(connection).ConfigureAwait(false);
                return;
            case SpokenProtocol.Doubtful:
                // what only requests meet is met by no byte that is carried
                var watched = new WatchedInput(
                    connection.Transport.Input, () => LogLateRequest(workloadPort, connection.RemoteEndPoint));
                connection.Transport = new Pipes(watched, connection.Transport.Output);
                break;
        }

        // what the port is may have been declared meanwhile
        if (services.State.Current.Model.Inbound.GetValueOrDefault(workloadPort) is { MayBeBytes: true } port)
        {
            await RelayAsync(connection, port, inbound).ConfigureAwait(false);
        }
        else
        {
            connection.Abort(new ConnectionAbortedException("The port takes requests alone by now."));
        }
    }

    // Behind TLS, where nothing has been read yet; plaintext is rare, and Kestrel's.
    private static SslStream? Multiplexed(ConnectionContext connection) =>
        connection.Features.Get<ISslStreamFeature>()?.SslStream is { } stream
        && MeshAlpn.IsHttp2(stream.NegotiatedApplicationProtocol)
            ? stream
            : null;

    private async Task<FirstBytes> LookAsync(
        ConnectionContext connection, InboundPortModel port, InboundConnection inbound)
    {
        // a server may speak first
        if (!port.IsHttp && port.Mode is InboundTlsMode.Disable) return FirstBytes.Plaintext;
        var mustSpeak = port.IsHttp || port.Mode is InboundTlsMode.Strict;
        var limit = port is { MayBeBytes: true, Mode: not InboundTlsMode.Strict } ? services.Options.SilenceTimeout
            : mustSpeak ? services.Options.FirstBytesTimeout
            : services.Options.ServerFirstTimeout;
        var first = FirstBytes.Incomplete;
        try
        {
            // what has arrived by then decides
            await FirstLook.TakeAsync(
                connection,
                arrived => (first = Recognize(arrived, port, connection, inbound)) is not FirstBytes.Incomplete,
                limit,
                services.Clock).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException)
        {
            return FirstBytes.Incomplete;
        }

        // who only listens, and has said so by ending its side, listens to a server that speaks
        return first is FirstBytes.Incomplete && !mustSpeak ? FirstBytes.Plaintext : first;
    }

    private static FirstBytes Recognize(
        in ReadOnlySequence<byte> arrived,
        InboundPortModel port,
        ConnectionContext connection,
        InboundConnection inbound)
    {
        var first = ClientHello.Read(arrived, out var hello);
        inbound.Hello = hello;
        if (first is not FirstBytes.Plaintext || !port.IsHttp || port.Mode is InboundTlsMode.Strict) return first;
        if (port.MayBeBytes) return first; // what it is will be found out
        switch (PlaintextHttp2.IsPreface(arrived))
        {
            case null:
                return FirstBytes.Incomplete;
            case true:
                PlaintextHttp2.Mark(connection);
                return FirstBytes.Plaintext;
            default:
                return FirstBytes.Plaintext;
        }
    }

    private ValueTask<SslServerAuthenticationOptions> HandshakeAsync(TlsHandshakeCallbackContext context)
    {
        var identity = services.State.Identity
            ?? throw new AuthenticationException("This sidecar has no certificate yet.");
        var inbound = context.Connection.Features.Get<InboundConnection>()!;
        return new ValueTask<SslServerAuthenticationOptions>(new SslServerAuthenticationOptions
        {
            AllowRenegotiation = false,
            AllowTlsResume = false, // a resumed session would skip the peer's check after the trust has changed
            ApplicationProtocols = Agreeable(inbound.Hello?.Protocols),
            CertificateChainPolicy = PeerChainPolicy.Offline(),
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ServerCertificateContext = identity.Context,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                Judge(certificate as X509Certificate2, chain, identity, inbound, context.Connection),
        });
    }

    // HTTP by its own name if the client offers it, else the mesh's name that it does offer. Kestrel does not know that name
    // for HTTP/2.
    private List<SslApplicationProtocol>? Agreeable(List<SslApplicationProtocol>? offered)
    {
        if (offered is null or []) return null;
        if (offered.Exists(p => MeshAlpn.Http.Contains(p))) return MeshAlpn.Http;
        var mesh = offered.FindAll(
            p => MeshAlpn.IsMesh(p.Protocol.Span) && (services.Hop is not null || p != MeshAlpn.IstioHttp2));
        return mesh.Count > 0 ? mesh : null;
    }

    private bool Judge(
        X509Certificate2? certificate,
        X509Chain? chain,
        TlsIdentity identity,
        InboundConnection inbound,
        ConnectionContext connection)
    {
        var problem = _trust.Judge(certificate, chain, identity, inbound);
        if (problem.Length == 0) return true;
        services.Metrics.CountPeerRefused();
        LogPeerRefused(workloadPort, connection.RemoteEndPoint, problem);

        // TLS that is not the mesh's comes here only where nothing else is taken
        if (inbound.Hello is { OffersMesh: false })
        {
            Remember(connection, InboundTlsMode.Strict, FirstBytes.Tls)?.Closed();
        }

        return false;
    }

    private async Task RelayAsync(ConnectionContext connection, InboundPortModel port, InboundConnection inbound)
    {
        var view = new ConnectionView(connection, inbound);
        var verdict = port.Authorization.DecideConnection(in view);
        if (verdict.ShadowAllowed is false) LogShadowDenied(workloadPort, inbound.Caller.PeerId, verdict.ShadowPolicy);
        if (!verdict.Allowed)
        {
            LogConnectionDenied(workloadPort, inbound.Caller.PeerId, connection.RemoteEndPoint, verdict.Policy);
            connection.Abort();
            return;
        }

        // bytes that a port of HTTP does not read go where its requests go
        var name = port.TcpCluster.Length > 0 ? port.TcpCluster : InboundCluster.Of(workloadPort);
        var plan = services.State.Current.Clusters.GetValueOrDefault(name);
        var cluster = plan?.Model;
        var target =
            cluster is { Endpoints: [var endpoint, ..] } && IPAddress.TryParse(endpoint.Address, out var address)
            ? new IPEndPoint(address, endpoint.Port)
            : new IPEndPoint(IPAddress.Loopback, workloadPort);
        if (services.Own.IsAt(target))
        {
            LogOwn(workloadPort, target);
            connection.Abort();
            return;
        }

        CircuitBreaker.Gate? gate = null;
        if (plan?.State.Breaker.TryEnter(out gate) is false)
        {
            LogOverflow(workloadPort, connection.RemoteEndPoint);
            connection.Abort();
            return;
        }

        var counters = services.Metrics.Connections(inbound.Caller, cluster);
        services.Drain.Enter();
        try
        {
            if (!_relays.Add(inbound)) return;
            await TcpRelay.RunAsync(
                connection,
                async token => inbound.LeadTo(await TcpRelay.ConnectAsync(target, token).ConfigureAwait(false)),
                cluster?.Connection.ConnectTimeout ?? TimeSpan.FromSeconds(10),
                port.Relay,
                counters,
                services.Clock)
                .ConfigureAwait(false);
        }
        finally
        {
            _relays.Remove(inbound);
            gate?.Release();
            services.Drain.Exit();
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Port {Port} leads to {Target}, where this sidecar itself listens: the connection was closed.")]
    private partial void LogOwn(int port, IPEndPoint target);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Port {Port} has as many connections as it may: that of {Peer} was closed.")]
    private partial void LogOverflow(int port, EndPoint? peer);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Port {Port} declares no protocol, and {Peer} began a request after it was taken for bytes: the connection was "
            + "closed. A port whose name or appProtocol says http has no such doubts.")]
    private partial void LogLateRequest(int port, EndPoint? peer);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Port {Port} declares no protocol, and {Peer} began with the PROXY protocol, behind which requests may come that "
            + "nobody looks at: the connection was closed. Declare tcp (name or appProtocol) to have it carried.")]
    private partial void LogProxyHeader(int port, EndPoint? peer);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Port {Port} takes mesh mTLS only: plaintext from {Peer} was closed.")]
    private partial void LogPlaintextRefused(int port, EndPoint? peer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Port {Port} refused the certificate of {Peer}: {Problem}")]
    private partial void LogPeerRefused(int port, EndPoint? peer, string problem);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Port {Port} refused a connection of '{Identity}' from {Peer} by {Policy}.")]
    private partial void LogConnectionDenied(int port, string identity, EndPoint? peer, string? policy);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Port {Port} would refuse a connection of '{Identity}' by {Policy} (dry run).")]
    private partial void LogShadowDenied(int port, string identity, string? policy);
}
