using System.Net;
using System.Net.Sockets;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Tls;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>A connection to a server, below its TLS: known by what the server has shown for as long as it is open.</summary>
internal sealed class ServerConnection(
    Socket socket, UpstreamSettings settings, ConnectionCount? count, ServerConnections open)
    : CountedStream(socket, count)
{
    /// <summary>What the server has shown in the handshake; null where that did not matter.</summary>
    public ShownChain? Shown { get; set; }

    /// <summary>How it was made.</summary>
    public UpstreamSettings Settings => settings;

    /// <summary>Where the server is; null when the connection has ended.</summary>
    public EndPoint? Server
    {
        get
        {
            try
            {
                return Socket.RemoteEndPoint;
            }
            catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
            {
                return null;
            }
        }
    }

    /// <summary>Ends it at once: whoever reads or writes sees a broken connection.</summary>
    public void Cut() => Socket.Close(0);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        open.Remove(this);
        base.Dispose(disposing);
    }
}
