using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>One workload outside of the platform, e.g. a VM (networking.istio.io).</summary>
public sealed record WorkloadEntry : ConfigSpec
{
    /// <summary>IP address, DNS name or <c>unix://</c> path; empty when a network is named.</summary>
    public string Address { get; init; } = "";

    /// <summary>Ports by the name that services give them.</summary>
    public ImmutableSortedDictionary<string, int> Ports { get; init; } = EmptyMap.Of<int>();

    /// <summary>The labels that selectors match.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } = EmptyMap.Text;

    /// <summary>The network it is reachable on; empty for the mesh's default network.</summary>
    public string Network { get; init; } = "";

    /// <summary>Where it runs, <c>region/zone/subzone</c>.</summary>
    public string Locality { get; init; } = "";

    /// <summary>Its share of load; 0 means 1.</summary>
    public int Weight { get; init; }

    /// <summary>The service account it runs as; empty demands no identity of it.</summary>
    public string ServiceAccount { get; init; } = "";
}
