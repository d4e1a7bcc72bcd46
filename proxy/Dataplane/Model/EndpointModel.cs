using System.Collections.Immutable;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>What the control plane says about an endpoint.</summary>
public enum EndpointHealth
{
    /// <summary>Takes traffic.</summary>
    Healthy,

    /// <summary>Takes none.</summary>
    Unhealthy,

    /// <summary>Finishes what it has; takes nothing new.</summary>
    Draining,

    /// <summary>Takes traffic when no healthy one is left.</summary>
    Degraded,
}

/// <summary>One address that serves a cluster.</summary>
/// <param name="Address">An IP literal.</param>
/// <param name="Port">The port to dial.</param>
public sealed record EndpointModel(string Address, int Port)
{
    /// <summary>0 is asked first.</summary>
    public int Priority { get; init; }

    /// <summary>Where it runs.</summary>
    public Locality Locality { get; init; } = Locality.Unknown;

    /// <summary>The weight of its locality among those of the same priority.</summary>
    public long LocalityWeight { get; init; } = 1;

    /// <summary>Its share within its locality.</summary>
    public long Weight { get; init; } = 1;

    /// <summary>The lanes whose requests it serves; none for one that serves the requests outside of all lanes.</summary>
    public ImmutableArray<string> Lanes { get; init; } = [];

    /// <summary>A sidecar answers there (metadata <c>tlsMode: istio</c>).</summary>
    public bool UsesMesh { get; init; }

    /// <summary>What the control plane says about it.</summary>
    public EndpointHealth Health { get; init; }

    /// <summary>The workload that metrics name; empty when unknown.</summary>
    public string Workload { get; init; } = "";

    /// <summary>The namespace of that workload; empty when unknown.</summary>
    public string WorkloadNamespace { get; init; } = "";
}
