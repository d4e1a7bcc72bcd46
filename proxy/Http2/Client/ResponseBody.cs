using MeshOrleans.Proxy.Http2.Connections;

namespace MeshOrleans.Proxy.Http2.Client;

/// <summary>Reads the body of a response; who stops before its end resets the stream.</summary>
internal sealed class ResponseBody(ClientStream stream) : QueueStream(stream)
{
    private int _disposed;

    protected override void Ends() => stream.EndOfBody();

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _disposed, 1) == 0) stream.Leave();
        base.Dispose(disposing);
    }
}
