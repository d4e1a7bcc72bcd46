
namespace MeshOrleans.Grains.Workloads;

/// <summary>
/// One member of the mesh and its lease. Key: <c>namespace/name</c>. A lease that is not renewed makes the member
/// unhealthy after one period and removes it after three; leases start afresh when the grain is activated, so the loss
/// of a silo empties no service.
/// </summary>
[Alias("mesh.IWorkloadGrain")]
public interface IWorkloadGrain : IGrainWithStringKey
{
    /// <summary>Joins, or renews the lease with a changed description.</summary>
    [Alias("Register")]
    Task<RegisterResult> RegisterAsync(WorkloadRegistration registration, CancellationToken cancellationToken);

    /// <summary>Starts the lease afresh; false when there is no such member (it must register again).</summary>
    [HarmlessWhenStale, Alias("Renew")]
    Task<bool> RenewAsync(CancellationToken cancellationToken);

    /// <summary>Reports the outcome of its own probe; false when there is no such member.</summary>
    [Alias("ReportHealth")]
    Task<bool> ReportHealthAsync(bool healthy, string detail, CancellationToken cancellationToken);

    /// <summary>Announces that it is about to leave: no new requests. False when there is no such member.</summary>
    [Alias("Drain")]
    Task<bool> DrainAsync(CancellationToken cancellationToken);

    /// <summary>Leaves at once; false when there is no such member.</summary>
    [Alias("Leave")]
    Task<bool> LeaveAsync(CancellationToken cancellationToken);

    /// <summary>The member as it stands; null when there is none.</summary>
    [HarmlessWhenStale, Alias("Find")]
    Task<WorkloadView?> FindAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The service account of the member, also when it is gone because its lease ran out: an outage, of it or of the control plane,
    /// removes nobody for good. Null when there never was one, or it left or was removed.
    /// </summary>
    [HarmlessWhenStale, Alias("FindAccount")]
    Task<string?> FindAccountAsync(CancellationToken cancellationToken);
}
