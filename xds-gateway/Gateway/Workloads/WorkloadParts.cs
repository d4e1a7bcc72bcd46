using MeshOrleans.Model;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Workloads;

/// <summary>What every <see cref="WorkloadSession"/> needs.</summary>
internal sealed record WorkloadParts(
    IGrainFactory Grains, TimeProvider Clock, IRandomSource Random, ILogger<WorkloadSession> Logger);
