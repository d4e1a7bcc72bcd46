using System.Net;
using System.Net.Sockets;

namespace MeshOrleans.Benchmarks.Proxy.Pairs;

/// <summary>Ports for servers that cannot say which one they took.</summary>
internal static class FreePort
{
    /// <summary>A port of an address that nobody had a moment ago.</summary>
    public static int On(IPAddress address)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
