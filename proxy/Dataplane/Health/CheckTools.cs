using MeshOrleans.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Dataplane.Upstream;

namespace MeshOrleans.Proxy.Dataplane.Health;

/// <summary>What all checks need.</summary>
internal sealed record CheckTools(
    ProxyState State, UpstreamConnector Connector, CheckMetrics Metrics, IRandomSource Random, TimeProvider Clock)
{
    /// <summary>Connections of the checks' own, made as those of requests are.</summary>
    public UpstreamPoolFactory Pools { get; } = new(Connector, hop: null);
}
