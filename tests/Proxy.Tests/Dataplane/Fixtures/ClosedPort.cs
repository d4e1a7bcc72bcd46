using System.Net;
using System.Net.Sockets;

namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>A port on which nobody listens: it was bound and given back.</summary>
internal static class ClosedPort
{
    public static int Next()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
