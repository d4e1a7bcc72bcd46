using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>
/// An input that is carried as bytes though they may still turn out to begin with a request: then it fails, and nothing more
/// is passed on, so that no application ever gets the whole first line of a request that nobody has looked at.
/// </summary>
/// <param name="input">The input.</param>
/// <param name="onRequest">Is called once before it fails.</param>
internal sealed class WatchedInput(PipeReader input, Action onRequest) : PipeReader
{
    private RequestGuard _guard;
    private bool _isDecided;
    private ReadOnlySequence<byte> _shown;
    private long _known; // how much of what is shown next was looked at before

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        _isDecided ? input.ReadAsync(cancellationToken) : WatchAsync(input.ReadAsync(cancellationToken));

    public override bool TryRead(out ReadResult result)
    {
        if (!input.TryRead(out result)) return false;
        Watch(result);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_isDecided) _known = _shown.Slice(consumed).Length;
        input.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => input.CancelPendingRead();

    public override void Complete(Exception? exception = null) => input.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => input.CompleteAsync(exception);

    private async ValueTask<ReadResult> WatchAsync(ValueTask<ReadResult> read)
    {
        var result = await read.ConfigureAwait(false);
        Watch(result);
        return result;
    }

    private void Watch(in ReadResult result)
    {
        if (_isDecided) return;
        _shown = result.Buffer;
        foreach (var segment in result.Buffer.Slice(_known)) _guard.Add(segment.Span);
        switch (_guard.SpokenSoFar)
        {
            case SpokenProtocol.Incomplete or SpokenProtocol.Doubtful:
                break;
            case SpokenProtocol.Other:
                (_isDecided, _shown) = (true, default);
                break;
            default:
                onRequest();
                input.AdvanceTo(result.Buffer.Start); // as whoever is told of a failure does not
                throw new ConnectionAbortedException("What was carried as bytes is the beginning of a request.");
        }
    }
}
