using MeshOrleans.Proxy.Http2.Connections;

namespace MeshOrleans.Proxy.Http2.Client;

/// <summary>Reads the body of a response; who stops before its end resets the stream.</summary>
internal sealed class ResponseBody(ClientStream stream) : OneWayStream
{
    private int _disposed;

    public override bool CanRead => true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = TryRead(buffer);
        return read >= 0 ? new ValueTask<int>(read) : WaitAsync(buffer, cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _disposed, 1) == 0) stream.Leave();
        base.Dispose(disposing);
    }

    private async ValueTask<int> WaitAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read;
        do
        {
            await stream.Incoming.WaitAsync(cancellationToken).ConfigureAwait(false);
            read = TryRead(buffer);
        }
        while (read < 0);
        return read;
    }

    private int TryRead(Memory<byte> buffer)
    {
        var read = stream.Incoming.TryRead(buffer.Span);
        if (read > 0) stream.Connection.GiveBack(stream, read);
        else if (read == 0 && buffer.Length > 0) stream.EndOfBody();
        return read;
    }
}
