using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Tls;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>
/// What is known about one inbound connection. Hangs in its features, found again by every request on it.
/// </summary>
internal sealed class InboundConnection(int workloadPort)
{
    public int WorkloadPort => workloadPort;

    public ClientHello? Hello { get; set; }

    public Caller Caller { get; set; } = Caller.Unknown;

    /// <summary>The identity under whose bundles the peer was last judged.</summary>
    public TlsIdentity? JudgedUnder { get; set; }
}
