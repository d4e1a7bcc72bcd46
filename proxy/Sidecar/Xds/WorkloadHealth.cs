namespace MeshOrleans.Proxy.Sidecar.Xds;

/// <summary>How the workload is, for whoever tells the control plane. Draining is final.</summary>
internal sealed class WorkloadHealth
{
    private readonly Lock _gate = new();

    public event Action<HealthReport>? Changed;

    public HealthReport Current { get; private set; } = HealthReport.Healthy;

    public void Set(HealthReport report)
    {
        lock (_gate)
        {
            if (report == Current || Current == HealthReport.Draining) return;
            Current = report;
            Changed?.Invoke(report);
        }
    }
}
