using System.Buffers;
using System.Net.Security;
using MeshOrleans.Proxy.Dataplane.Connections;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>
/// Sorts the connections of all edge listeners: the first bytes, which stay unread, choose the chain; then TLS ends
/// here or goes through, and requests or bytes are behind it.
/// </summary>
internal sealed partial class EdgeListener(
    EdgeServices services, EdgeHandshake handshake, EdgeRelay relay, ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.CreateLogger<EdgeListener>();
    private readonly PeerConnections _peers = new(
        services.Common.State, services.Common.Revocations, loggers.CreateLogger<EdgeListener>());
    private ConnectionDelegate _http = null!;

    /// <summary>Puts the stages in front of Kestrel's HTTP; sorting can skip TLS.</summary>
    public void Configure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        listen.Use(tls => connection => SortAsync(connection, tls));
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = context =>
            {
                var edge = context.Connection.Features.Get<EdgeConnection>()!;
                return new ValueTask<SslServerAuthenticationOptions>(handshake.OptionsFor(edge, edge.Chain!.Tls!));
            },
        });
        listen.Use(http =>
        {
            _http = connection => RequestLineReader.ServeAsync(connection, http);
            return ServeAsync;
        });
    }

    private async Task SortAsync(ConnectionContext connection, ConnectionDelegate tls)
    {
        var edge = connection.Features.Get<EdgeConnection>()!;
        edge.Begin();
        try
        {
            if (await ChooseAsync(connection, edge).ConfigureAwait(false) is not { } chain)
            {
                connection.Abort(new ConnectionAbortedException("No chain takes the connection."));
                return;
            }

            edge.Chain = chain;
            await (chain.Tls is null ? ServeAsync(connection) : tls(connection)).ConfigureAwait(false);
        }
        finally
        {
            edge.End();
        }
    }

    private async Task ServeAsync(ConnectionContext connection)
    {
        var edge = connection.Features.Get<EdgeConnection>()!;
        if (edge.Shown is not null) _peers.Add(edge); // nobody else can be found in a list
        try
        {
            await (edge.Chain!.Routes is not null ? _http(connection) : relay.RunAsync(connection, edge))
                .ConfigureAwait(false);
        }
        finally
        {
            _peers.Remove(edge);
        }
    }

    private async Task<EdgeChainModel?> ChooseAsync(ConnectionContext connection, EdgeConnection edge)
    {
        if (!services.Common.State.Current.Model.Edge.TryGetValue(edge.Socket.Name, out var listener)) return null;
        if (!listener.IsTls)
        {
            var only = listener.Choose("", offersMesh: false);
            return only?.Routes is null || await HasHttpAsync(connection).ConfigureAwait(false) ? only : null;
        }

        edge.Hello = await HelloAsync(connection).ConfigureAwait(false);
        if (edge.Hello is not { } hello) return null;
        var chain = listener.Choose(hello.ServerName, hello.OffersMesh);
        if (chain is null) LogNobody(listener.Name, hello.ServerName, edge.ClientAddress);
        return chain;
    }

    /// <summary>The handshake's first message; null when it is none or does not come in time.</summary>
    private async Task<ClientHello?> HelloAsync(ConnectionContext connection)
    {
        ClientHello? hello = null;
        await LookAsync(connection, arrived => ClientHello.Read(arrived, out hello) is not FirstBytes.Incomplete)
            .ConfigureAwait(false);
        return hello;
    }

    /// <summary>Finds out which HTTP is spoken. One that says nothing yet is left to Kestrel's own patience.</summary>
    private async Task<bool> HasHttpAsync(ConnectionContext connection)
    {
        bool? isPreface = null;
        var isThere = await LookAsync(
            connection, arrived => (isPreface = PlaintextHttp2.IsPreface(arrived)) is not null).ConfigureAwait(false);
        if (isPreface is true) PlaintextHttp2.Mark(connection);
        return isThere;
    }

    /// <returns>False when the connection is gone.</returns>
    private async Task<bool> LookAsync(ConnectionContext connection, Func<ReadOnlySequence<byte>, bool> isEnough)
    {
        var common = services.Common;
        try
        {
            await FirstLook.TakeAsync(connection, isEnough, common.Options.FirstBytesTimeout, common.Clock)
                .ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException)
        {
            return false;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Debug,
        Message = "Listener {Listener} has no chain for server name '{ServerName}' of {Client}.")]
    private partial void LogNobody(string listener, string serverName, string client);
}
