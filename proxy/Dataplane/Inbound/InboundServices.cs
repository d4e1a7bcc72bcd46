using MeshOrleans.Proxy.Dataplane.Outbound;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Dataplane.Tls;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>What the listeners of all workload ports share.</summary>
internal sealed record InboundServices(
    ProxyState State,
    DataplaneOptions Options,
    PeerVerifier Verifier,
    ProxyMetrics Metrics,
    DrainState Drain,
    OwnPort Own,
    TimeProvider Clock);
