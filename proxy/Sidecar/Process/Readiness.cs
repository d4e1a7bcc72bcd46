using MeshOrleans.Proxy.Sidecar.Edge;
using MeshOrleans.Proxy.Sidecar.Identity;
using MeshOrleans.Proxy.Sidecar.Xds;

namespace MeshOrleans.Proxy.Sidecar.Process;

/// <summary>
/// Whether traffic should come: a model and a valid certificate are in place, and nobody wants to
/// leave.
/// </summary>
internal sealed class Readiness(
    ModelHolder models, IdentityHolder identity, WorkloadHealth health, EdgeReport? edge, TimeProvider clock)
{
    /// <summary>What is missing; null when ready.</summary>
    public string? Missing() =>
        health.Current == HealthReport.Draining ? "draining"
        : models.Model is null ? "no configuration yet"
        : !identity.Current.IsValid(clock.GetUtcNow()) ? "no valid certificate"
        : edge?.Missing();

    /// <summary>What does not work although traffic should come, a sentence each.</summary>
    public IEnumerable<string> Remarks() => edge?.Remarks() ?? [];
}
