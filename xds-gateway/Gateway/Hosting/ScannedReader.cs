using System.Buffers;
using System.IO.Pipelines;

namespace MeshOrleans.Xds.Gateway.Hosting;

/// <summary>A reader whose bytes are looked at as they are consumed, where they lie: nothing is copied.</summary>
internal sealed class ScannedReader(PipeReader inner, FrameScanner scanner, Action<int> onFlood) : PipeReader
{
    private ReadOnlySequence<byte> _read;
    private bool _isCut;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var result = await inner.ReadAsync(cancellationToken);
        _read = result.Buffer;
        return result;
    }

    public override bool TryRead(out ReadResult result)
    {
        if (!inner.TryRead(out result)) return false;
        _read = result.Buffer;
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed)
    {
        Look(consumed);
        inner.AdvanceTo(consumed);
    }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        Look(consumed);
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private void Look(SequencePosition consumed)
    {
        if (!_isCut && scanner.Scan(_read.Slice(_read.Start, consumed)) is var type and >= 0)
        {
            _isCut = true;
            onFlood(type);
        }

        _read = default;
    }
}
