using MeshOrleans.Proxy.Http2.Connections;

namespace MeshOrleans.Proxy.Http2.Server;

/// <summary>Reads the body of a request; a client that waits to be asked for it is asked.</summary>
internal sealed class IncomingBody(ServerStream stream) : QueueStream(stream)
{
    private bool _isAwaited = stream.Head.Headers["Expect"].ToString().Equals("100-continue", StringComparison.OrdinalIgnoreCase);

    protected override void Waits()
    {
        if (!_isAwaited) return;
        _isAwaited = false;
        stream.Response.Continue();
    }
}
