using System.Net;
using System.Net.Sockets;

namespace MeshOrleans.Samples.Harness;

/// <summary>Ports for servers that cannot say which one they took.</summary>
public static class FreePort
{
    /// <summary>A port of an address that nobody had a moment ago.</summary>
    public static int On(IPAddress address)
    {
        using var listener = new TcpListener(address, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
