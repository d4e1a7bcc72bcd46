using System.Net;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>What of a call of bytes is told to the server before its bytes.</summary>
/// <param name="Source">Who calls; null when that is not known.</param>
/// <param name="Destination">Whom it has called; null for the server that it is connected to.</param>
/// <param name="Relay">Among other things the far end, where the server is a proxy that leads there.</param>
internal readonly record struct BytesCall(IPEndPoint? Source, IPEndPoint? Destination, RelayModel Relay)
{
    /// <summary>A call of this proxy's own.</summary>
    public static BytesCall Own { get; } = new(null, null, RelayModel.Default);
}
