using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>An input that stands before another one and looks at what that one shows.</summary>
/// <param name="input">The other one.</param>
internal abstract class InputOver(PipeReader input) : PipeReader
{
    public override bool TryRead(out ReadResult result)
    {
        if (!input.TryRead(out result)) return false;
        result = Look(result);
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var reading = input.ReadAsync(cancellationToken);
        return reading.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Look(reading.Result)) : AwaitAsync(reading);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => input.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => input.CancelPendingRead();

    public override void Complete(Exception? exception = null) => input.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => input.CompleteAsync(exception);

    /// <summary>Looks at what was read, once, before anybody else.</summary>
    /// <returns>What is shown in its place.</returns>
    protected abstract ReadResult Look(in ReadResult result);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> reading) =>
        Look(await reading.ConfigureAwait(false));
}
