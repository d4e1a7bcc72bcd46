using System.Net.Security;
using System.Runtime.CompilerServices;
using MeshOrleans.Proxy.Http2.Connections;

namespace MeshOrleans.Proxy.Dataplane.Tls;

/// <summary>
/// TLS as a client over which bytes are relayed: one direction may be ended while the other is read. The system's library says
/// nothing of that, and ends the process if both touch a session at once; so they take turns. A reader that waits for its
/// peer has no turn: it takes one when bytes have come.
/// </summary>
internal sealed class RelayedTls : SslStream
{
    private readonly Waiting _inner;

    /// <param name="inner">The connection; disposed with this.</param>
    public RelayedTls(Stream inner)
        : this(new Waiting(inner))
    {
    }

    private RelayedTls(Waiting inner)
        : base(inner, leaveInnerStreamOpen: false) => _inner = inner;

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _inner.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        _inner.HasTurn = true;
        try
        {
            return await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _inner.HasTurn = false;
            _inner.Turn.Release();
        }
    }

    /// <summary>Says that nothing more will be sent. What is still to come can be read.</summary>
    public override async Task ShutdownAsync()
    {
        await _inner.Turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await base.ShutdownAsync().ConfigureAwait(false);
        }
        finally
        {
            _inner.Turn.Release();
        }
    }

    /// <summary>The connection itself, which gives a reader's turn away for as long as nothing comes.</summary>
    private sealed class Waiting(Stream inner) : AsyncStream
    {
        /// <summary>Whose turn it is. Never disposed of: nobody asks for its wait handle.</summary>
        public SemaphoreSlim Turn { get; } = new(1, 1);

        /// <summary>Whether a read has the turn; the handshake reads without.</summary>
        public bool HasTurn { get; set; }

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            HasTurn ? ReadWithoutTurnAsync(buffer, cancellationToken) : inner.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override void Flush() => inner.Flush();

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<int> ReadWithoutTurnAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            Turn.Release();
            try
            {
                return await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                await Turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
    }
}
