using MeshOrleans.Model;
using MeshOrleans.Xds.Gateway.Snapshots;
using MeshOrleans.Xds.Gateway.Status;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Secrets;

/// <summary>What every <see cref="SvidSession"/> needs.</summary>
internal sealed record SvidParts(
    IGrainFactory Grains,
    SnapshotHolder Snapshots,
    TimeProvider Clock,
    IRandomSource Random,
    GatewayMetrics Metrics,
    ILogger<SvidSession> Logger);
