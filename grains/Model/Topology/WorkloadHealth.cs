namespace MeshOrleans.Model.Topology;

/// <summary>Whether a workload may be sent traffic.</summary>
public enum WorkloadHealth
{
    /// <summary>In service.</summary>
    Healthy,

    /// <summary>Its probe failed or its lease ran out: it gets no new requests, but is still a member.</summary>
    Unhealthy,

    /// <summary>It is leaving: it gets no new requests, those in flight finish.</summary>
    Draining,
}
