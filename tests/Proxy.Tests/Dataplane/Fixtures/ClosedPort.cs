using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>A port on which nobody listens. It stays bound, so that nobody else is given it meanwhile.</summary>
internal static class ClosedPort
{
    private static readonly ConcurrentBag<Socket> Bound = [];

    public static int Next()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Bound.Add(socket);
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
