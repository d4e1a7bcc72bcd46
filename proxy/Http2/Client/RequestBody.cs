using MeshOrleans.Proxy.Http2.Connections;

namespace MeshOrleans.Proxy.Http2.Client;

/// <summary>Takes the body of a request; the last bytes of one whose length is known end the stream.</summary>
internal sealed class RequestBody(ClientStream stream, long? length) : AsyncStream
{
    private long? _left = length;
    private bool _isEnded;

    public override bool CanWrite => true;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return;
        if (buffer.Length > _left) throw new HttpRequestException("The body is longer than its Content-Length.");
        _left -= buffer.Length;
        _isEnded = _left == 0;
        await stream.Connection.SendAsync(stream, buffer, _isEnded, cancellationToken).ConfigureAwait(false);
    }

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        stream.Connection.Output.Flush(); // the request's fields
        return Task.CompletedTask;
    }

    /// <summary>There is no more.</summary>
    public ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (_left > 0) throw new HttpRequestException("The body is shorter than its Content-Length.");
        return _isEnded ? default : stream.Connection.SendAsync(stream, default, endsStream: true, cancellationToken);
    }
}
