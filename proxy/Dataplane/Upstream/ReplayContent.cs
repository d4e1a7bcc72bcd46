using System.Buffers;
using System.Net;
using System.Net.Http.Headers;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>
/// A request body that streams to the first try and is remembered, up to a bound, for the next. Beyond the bound it
/// streams on, and there is no next try.
/// </summary>
internal sealed class ReplayContent : HttpContent
{
    private const int ChunkSize = 16 * 1024;

    private readonly Stream _source;
    private readonly int _limit;
    private readonly ArrayBufferWriter<byte> _kept = new();
    private CancellationTokenSource? _try;
    private Task _copying = Task.CompletedTask;
    private bool _overflowed;
    private bool _ended;

    /// <param name="source">The caller's body.</param>
    /// <param name="headers">Its content headers.</param>
    /// <param name="limit">How much is remembered, in bytes.</param>
    public ReplayContent(Stream source, HttpContentHeaders headers, int limit)
    {
        (_source, _limit) = (source, limit);
        foreach (var (name, values) in headers.NonValidated) Headers.TryAddWithoutValidation(name, values);
    }

    /// <summary>False when more than the bound has been sent.</summary>
    public bool CanReplay => !_overflowed;

    /// <summary>Ends the try that is still copying, so that the next one has the source for itself.</summary>
    public async Task RewindAsync()
    {
        if (_try is null) return;
        await _try.CancelAsync().ConfigureAwait(false);
        await _copying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _try.Dispose();
        _try = null;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _try = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        return _copying = CopyAsync(stream, _try.Token);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false; // the caller's Content-Length, if there is one, is among the headers
    }

    private async Task CopyAsync(Stream target, CancellationToken cancellationToken)
    {
        if (_kept.WrittenCount > 0)
        {
            await target.WriteAsync(_kept.WrittenMemory, cancellationToken).ConfigureAwait(false);
        }

        var chunk = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            while (!_ended)
            {
                await target.FlushAsync(cancellationToken).ConfigureAwait(false);
                var read = await _source.ReadAsync(chunk, cancellationToken).ConfigureAwait(false);
                if (read == 0) _ended = true;
                else await PassAsync(target, chunk.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    private ValueTask PassAsync(Stream target, ReadOnlyMemory<byte> part, CancellationToken cancellationToken)
    {
        if (!_overflowed && _kept.WrittenCount + part.Length > _limit)
        {
            _overflowed = true;
            _kept.Clear();
        }

        if (!_overflowed) _kept.Write(part.Span);
        return target.WriteAsync(part, cancellationToken);
    }
}
