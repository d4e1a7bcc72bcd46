using System.IO.Pipelines;

namespace MeshOrleans.Proxy.Http2.Server;

/// <summary>Takes the body of an answer as a pipe; to flush it sends the head, even if there is nothing else.</summary>
internal sealed class OutgoingWriter(ResponseState response, Stream body) : PipeWriter
{
    private readonly PipeWriter _buffered = Create(body, new StreamPipeWriterOptions(leaveOpen: true));

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _buffered.UnflushedBytes;

    public override void Advance(int bytes) => _buffered.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _buffered.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _buffered.GetSpan(sizeHint);

    public override void CancelPendingFlush() => _buffered.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => _buffered.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => _buffered.CompleteAsync(exception);

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_buffered.UnflushedBytes > 0) return await _buffered.FlushAsync(cancellationToken).ConfigureAwait(false);
        await response.StartAsync().ConfigureAwait(false);
        return default;
    }
}
