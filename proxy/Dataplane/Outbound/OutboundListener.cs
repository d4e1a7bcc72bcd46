using System.Buffers;
using MeshOrleans.Proxy.Dataplane.Connections;
using MeshOrleans.Proxy.Dataplane.Inbound;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MeshOrleans.Proxy.Dataplane.Outbound;

/// <summary>
/// Accepts the application's connections and sorts them: those that were meant for another address and redirected, and
/// by their first bytes, which stay unread, tunnels (CONNECT) and requests for Kestrel.
/// </summary>
internal sealed class OutboundListener(InboundServices services, OutboundTunnel tunnel)
{
    /// <summary>Puts the stage in front of Kestrel's HTTP.</summary>
    public void Configure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        listen.Use(http =>
        {
            Task ReadAsync(ConnectionContext connection) => RequestLineReader.ServeAsync(connection, http);
            return connection => SortAsync(connection, ReadAsync);
        });
    }

    private async Task SortAsync(ConnectionContext connection, ConnectionDelegate http)
    {
        try
        {
            if (services.Options.FindOriginalDestination(connection) is { } meant)
            {
                await tunnel.ServeAsync(connection, TunnelTarget.Of(meant), isRedirected: true, http)
                    .ConfigureAwait(false);
                return;
            }

            var kind = Kind.Incomplete;
            var hasSpoken = await FirstLook.TakeAsync(
                connection,
                arrived => (kind = Recognize(arrived)) is not Kind.Incomplete,
                services.Options.SilenceTimeout,
                services.Clock).ConfigureAwait(false);
            if (!hasSpoken) return;

            if (kind is Kind.Connect)
            {
                await ConnectAsync(connection, http).ConfigureAwait(false);
                return;
            }

            if (kind is Kind.Http2)
            {
                connection.Features.Set(new TunnelEntry(connection, http, tunnel));
                PlaintextHttp2.Mark(connection);
            }
        }
        catch (Exception exception)
            when (exception is IOException or ConnectionAbortedException or OperationCanceledException)
        {
            return; // gone before it said anything that could be answered
        }

        await http(connection).ConfigureAwait(false);
    }

    private async Task ConnectAsync(ConnectionContext connection, ConnectionDelegate http)
    {
        var (status, target) = await ReadHeadAsync(connection).ConfigureAwait(false);
        if (target is null) await ConnectReply.RefuseAsync(connection, status, "").ConfigureAwait(false);
        else await tunnel.ServeAsync(connection, target, isRedirected: false, http).ConfigureAwait(false);
    }

    /// <summary>Takes the head from the connection; what follows it stays unread.</summary>
    private async ValueTask<(int Status, TunnelTarget? Target)> ReadHeadAsync(ConnectionContext connection)
    {
        var isThere = await FirstLook.TakeAsync(
            connection,
            arrived => ConnectHead.EndOf(arrived) is not null || arrived.Length >= ConnectHead.Longest,
            services.Options.FirstBytesTimeout,
            services.Clock).ConfigureAwait(false);
        if (!isThere) return (408, null);
        var input = connection.Transport.Input;
        if (!input.TryRead(out var result)) return (400, null);
        if (ConnectHead.EndOf(result.Buffer) is not { } end)
        {
            var isTooLong = result.Buffer.Length >= ConnectHead.Longest;
            input.AdvanceTo(result.Buffer.End);
            return (isTooLong ? 431 : 400, null);
        }

        var head = result.Buffer.Slice(0, end);
        var status = head.Length > ConnectHead.Longest ? 431 : 0;
        TunnelTarget? target = null;
        if (status == 0) status = ConnectHead.Read(head.ToArray(), out target);
        input.AdvanceTo(end);
        return (status, target);
    }

    private static Kind Recognize(in ReadOnlySequence<byte> arrived)
    {
        Span<byte> first = stackalloc byte[ConnectHead.Method.Length];
        var length = (int)Math.Min(arrived.Length, first.Length);
        arrived.Slice(0, length).CopyTo(first);
        if (first[..length].SequenceEqual(ConnectHead.Method[..length]))
        {
            return length == first.Length ? Kind.Connect : Kind.Incomplete;
        }

        return PlaintextHttp2.IsPreface(arrived) switch
        {
            null => Kind.Incomplete,
            true => Kind.Http2,
            false => Kind.Http1,
        };
    }

    private enum Kind
    {
        Incomplete,
        Connect,
        Http1,
        Http2,
    }
}
