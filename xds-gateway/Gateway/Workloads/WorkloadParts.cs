using MeshOrleans.Model;
using MeshOrleans.Multicluster.Workloads.Members;
using MeshOrleans.Xds.Gateway.Snapshots;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Workloads;

/// <summary>What every <see cref="WorkloadSession"/> needs.</summary>
internal sealed record WorkloadParts(
    IGrainFactory Grains,
    MemberAdmission Admission,
    SnapshotHolder Snapshots,
    TimeProvider Clock,
    IRandomSource Random,
    ILogger<WorkloadSession> Logger);
