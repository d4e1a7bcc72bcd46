using System.Net;
using System.Net.Sockets;

namespace MeshOrleans.Proxy.Dataplane.Outbound;

/// <summary>
/// The port on which this proxy takes the application's calls. One that would come back there would go round for ever.
/// </summary>
internal sealed class OwnPort
{
    /// <summary>The port; 0 before it is bound, and for a proxy that takes no such calls.</summary>
    public int Number { get; set; }

    /// <summary>Whether a call names this proxy. Other names may lead there too, as <see cref="IsOtherEndOf"/> sees.</summary>
    public bool IsNamedBy(ReadOnlySpan<char> host, int port)
    {
        if (port != Number) return false;
        return host is "localhost"
            || (IPAddress.TryParse(host, out var address)
                && (IPAddress.IsLoopback(address)
                    || address.Equals(IPAddress.Any)
                    || address.Equals(IPAddress.IPv6Any)));
    }

    /// <summary>Whether a connection has led to this proxy.</summary>
    public bool IsOtherEndOf(Socket socket) =>
        Number > 0
        && socket.RemoteEndPoint is IPEndPoint { Port: var port, Address: var remote }
        && port == Number
        && (IPAddress.IsLoopback(remote)
            || (socket.LocalEndPoint is IPEndPoint { Address: var local } && local.Equals(remote)));
}
