using System.Net;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>What of a call of bytes is told to the server before its bytes.</summary>
/// <param name="Source">Who calls; null when that is not known.</param>
/// <param name="Destination">Whom it has called; null for the server that it is connected to.</param>
/// <param name="Tunnel">The far end, where the server is a proxy that leads there; empty when it is not.</param>
internal readonly record struct BytesCall(IPEndPoint? Source, IPEndPoint? Destination, string Tunnel)
{
    /// <summary>A call of this proxy's own.</summary>
    public static BytesCall Own { get; } = new(null, null, "");
}
