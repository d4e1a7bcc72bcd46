using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Tls;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>
/// What is known about one inbound connection. Hangs in its features, found again by every request on it.
/// </summary>
internal class InboundConnection(int workloadPort)
{
    public int WorkloadPort => workloadPort;

    public ClientHello? Hello { get; set; }

    public Caller Caller { get; set; } = Caller.Unknown;

    /// <summary>What led from the peer's certificate to a root in the handshake; needed to judge it anew.</summary>
    public X509Certificate2Collection Presented { get; } = [];

    /// <summary>When the peer was judged in its handshake: what has ended since then does not end the connection.</summary>
    public DateTimeOffset JudgedAt { get; set; }

    /// <summary>The peer was found wanting when it was judged anew: the connection ends.</summary>
    public bool IsRefused { get; set; }

    /// <summary>The identity under whose bundles the peer was last judged.</summary>
    public TlsIdentity? JudgedUnder { get; set; }
}
