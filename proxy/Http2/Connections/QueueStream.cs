namespace MeshOrleans.Proxy.Http2.Connections;

/// <summary>Reads what comes on a stream of HTTP/2; what was read may be sent again.</summary>
internal abstract class QueueStream(Http2Stream stream) : AsyncStream
{
    public override bool CanRead => true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = TryRead(buffer);
        return read >= 0 ? new ValueTask<int>(read) : WaitAsync(buffer, cancellationToken);
    }

    /// <summary>There is nothing yet.</summary>
    protected virtual void Waits()
    {
    }

    /// <summary>There is nothing more.</summary>
    protected virtual void Ends()
    {
    }

    private async ValueTask<int> WaitAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Waits();
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
        else if (read == 0 && buffer.Length > 0) Ends();
        return read;
    }
}
