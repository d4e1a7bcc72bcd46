using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace MeshOrleans.Proxy.Dataplane.Outbound;

/// <summary>
/// The port on which this proxy takes the application's calls, and its others. A call that would come back there would go
/// round for ever.
/// </summary>
internal sealed class OwnPort
{
    private ImmutableArray<IPEndPoint> _others = [];

    /// <summary>The port; 0 before it is bound, and for a proxy that takes no such calls.</summary>
    public int Number { get; set; }

    /// <summary>Adds sockets of this process that are nobody's application.</summary>
    public void Reserve(IEnumerable<IPEndPoint> sockets) =>
        ImmutableInterlocked.Update(ref _others, static (known, added) => [.. known, .. added], sockets);

    /// <summary>Whether what is to be the application is this process itself.</summary>
    public bool IsAt(IPEndPoint application)
    {
        var address = application.Address.IsIPv4MappedToIPv6 ? application.Address.MapToIPv4() : application.Address;
        if (application.Port == Number && IPAddress.IsLoopback(address)) return true;
        foreach (var other in _others)
        {
            if (other.Port != application.Port) continue;
            if (other.Address.Equals(IPAddress.Any) || other.Address.Equals(IPAddress.IPv6Any)) return true;
            if (other.Address.Equals(address)) return true;
        }

        return false;
    }

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
