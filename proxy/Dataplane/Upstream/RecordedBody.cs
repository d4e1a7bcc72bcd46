using System.Buffers;
using MeshOrleans.Proxy.Http2.Connections;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>
/// A request body that is remembered, up to a bound, while it is read for the original, and told of at its end. Reading
/// is never slowed; beyond the bound what was remembered is let go.
/// </summary>
/// <param name="inner">The caller's body.</param>
/// <param name="limit">How much is remembered, in bytes.</param>
/// <param name="ended">Told once: the whole body, or null when it was longer than the bound.</param>
internal sealed class RecordedBody(Stream inner, int limit, Action<ReadOnlyMemory<byte>?> ended) : AsyncStream
{
    private readonly ArrayBufferWriter<byte> _kept = new();
    private bool _isOver;

    public override bool CanRead => true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        if (buffer.Length > 0) Keep(buffer.Span[..read]);
        return read;
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        if (_isOver) return;
        if (part.IsEmpty)
        {
            _isOver = true;
            ended(_kept.WrittenMemory);
        }
        else if (_kept.WrittenCount + part.Length > limit)
        {
            _isOver = true;
            _kept.Clear();
            ended(null);
        }
        else
        {
            _kept.Write(part);
        }
    }
}
