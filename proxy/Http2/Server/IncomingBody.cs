using MeshOrleans.Proxy.Http2.Connections;

namespace MeshOrleans.Proxy.Http2.Server;

/// <summary>Reads the body of a request as it comes.</summary>
internal sealed class IncomingBody(ServerStream stream) : OneWayStream
{
    private bool _isAwaited = stream.Head.Headers["Expect"].ToString().Equals("100-continue", StringComparison.OrdinalIgnoreCase);

    public override bool CanRead => true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = TryRead(buffer);
        return read >= 0 ? new ValueTask<int>(read) : WaitAsync(buffer, cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    private async ValueTask<int> WaitAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_isAwaited)
        {
            _isAwaited = false;
            stream.Response.Continue();
        }

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
        return read;
    }
}
