using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>
/// Hands connections of sockets that come and go to Kestrel, whose own endpoints are fixed at its start: to Kestrel all
/// of them are one endpoint, so that its timeouts, its limits and its end hold for them like for any other.
/// </summary>
internal sealed class EdgeTransport : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private const int Waiting = 512;

    private readonly Channel<ConnectionContext> _accepted = Channel.CreateBounded<ConnectionContext>(Waiting);

    public EndPoint EndPoint { get; } = new Place();

    public bool CanBind(EndPoint endpoint) => ReferenceEquals(endpoint, EndPoint);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken) =>
        new(new Queue(endpoint, _accepted));

    /// <summary>Hands over a connection; false when nobody takes any more.</summary>
    public async ValueTask<bool> OfferAsync(ConnectionContext connection)
    {
        try
        {
            await _accepted.Writer.WriteAsync(connection).ConfigureAwait(false);
            return true;
        }
        catch (ChannelClosedException)
        {
            return false;
        }
    }

    /// <summary>What Kestrel takes for a listening socket.</summary>
    private sealed class Queue(EndPoint endPoint, Channel<ConnectionContext> accepted) : IConnectionListener
    {
        public EndPoint EndPoint => endPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken)
        {
            while (await accepted.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (accepted.Reader.TryRead(out var connection)) return connection;
            }

            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken)
        {
            accepted.Writer.TryComplete();
            return default;
        }

        public ValueTask DisposeAsync() => UnbindAsync(CancellationToken.None);
    }

    private sealed class Place : EndPoint
    {
        public override string ToString() => "edge";
    }
}
