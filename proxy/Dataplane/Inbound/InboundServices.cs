using MeshOrleans.Proxy.Dataplane.Outbound;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Dataplane.Tls;
using MeshOrleans.Proxy.Http2.Server;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>What the listeners of all workload ports share.</summary>
internal sealed record InboundServices(
    ProxyState State,
    DataplaneOptions Options,
    PeerVerifier Verifier,
    Revocations Revocations,
    ProxyMetrics Metrics,
    DrainState Drain,
    OwnPort Own,
    TimeProvider Clock)
{
    /// <summary>Serves HTTP/2 of other sidecars; null leaves it to Kestrel. Set before the sockets are open.</summary>
    public Http2Server? Hop { get; set; }
}
