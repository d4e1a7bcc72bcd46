using System.Buffers;
using System.IO.Pipelines;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>
/// An input of which the first bytes were examined and not consumed: it would wait for more before it shows them again. They
/// are shown at once, from a copy; whoever examines all of that too is shown the input itself.
/// </summary>
/// <param name="input">The input. What it holds begins with what was seen.</param>
/// <param name="seen">A copy of what was examined.</param>
internal sealed class ReplayedInput(PipeReader input, ReadOnlyMemory<byte> seen) : InputOver(input)
{
    private ReadOnlySequence<byte> _copy = new(seen);
    private bool _isReplaying = !seen.IsEmpty;
    private long _skipped; // bytes that are consumed of the copy, and not yet of the input

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (_isReplaying)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new ValueTask<ReadResult>(Copied());
        }

        return base.ReadAsync(cancellationToken);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (_isReplaying)
        {
            result = Copied();
            return true;
        }

        return base.TryRead(out result);
    }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_isReplaying)
        {
            _skipped = 0; // a position in the input, behind all of them
            base.AdvanceTo(consumed, examined);
            return;
        }

        _isReplaying = !_copy.Slice(examined).IsEmpty;
        var rest = _copy.Slice(consumed);
        _skipped += _copy.Length - rest.Length;
        _copy = rest;
    }

    protected override ReadResult Look(in ReadResult result) => _skipped == 0
        ? result
        : new ReadResult(result.Buffer.Slice(_skipped), result.IsCanceled, result.IsCompleted);

    private ReadResult Copied() => new(_copy, isCanceled: false, isCompleted: false);
}
