using System.Collections.Immutable;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Model.Topology;

/// <summary>One member of the mesh: a process or VM that registered, or that a WorkloadEntry describes.</summary>
public sealed record Workload
{
    /// <summary>The namespace it belongs to.</summary>
    public required string Namespace { get; init; }

    /// <summary>Its name, unique in the namespace.</summary>
    public required string Name { get; init; }

    /// <summary>The literal IP address its peers dial.</summary>
    public required string Address { get; init; }

    /// <summary>Its own ports by name; the numbers are those the policies speak of.</summary>
    public ImmutableSortedDictionary<string, int> Ports { get; init; } = ImmutableSortedDictionary<string, int>.Empty;

    /// <summary>
    /// Workload port to the port its sidecar listens on, for sidecars without transparent capture. A port that is not
    /// listed is dialled as it is.
    /// </summary>
    public ImmutableSortedDictionary<int, int> InboundPorts { get; init; } = ImmutableSortedDictionary<int, int>.Empty;

    /// <summary>The labels that selectors match.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Where it runs.</summary>
    public Locality Locality { get; init; } = Locality.Unknown;

    /// <summary>The network it is reachable on; empty for the mesh's default network.</summary>
    public string Network { get; init; } = "";

    /// <summary>The service account it runs as.</summary>
    public string ServiceAccount { get; init; } = "default";

    /// <summary>Its share of load among its equals. 1 or more.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>The WorkloadGroup or deployment it came from; empty when none.</summary>
    public string Group { get; init; } = "";

    /// <summary>Whether it may be sent traffic.</summary>
    public WorkloadHealth Health { get; init; }

    /// <summary>True when a sidecar terminates mesh mTLS for it (Istio's label tlsMode=istio).</summary>
    public bool HasSidecar { get; init; }

    /// <summary>The identity its peers demand of it; null when it has none.</summary>
    public SpiffeId? Identity { get; init; }

    /// <summary>The port that peers dial to reach <paramref name="workloadPort"/>.</summary>
    public int DialPort(int workloadPort) => InboundPorts.GetValueOrDefault(workloadPort, workloadPort);
}
