using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>A Kubernetes Service: kind <c>Service</c>, apiVersion <c>v1</c>.</summary>
public sealed record KubernetesService : ConfigSpec
{
    /// <summary>Labels of its workloads; none selects no workload.</summary>
    public ImmutableSortedDictionary<string, string> Selector { get; init; } = EmptyMap.Text;

    /// <summary>Its ports.</summary>
    public ImmutableArray<KubernetesServicePort> Ports { get; init; } = [];

    /// <summary>Its virtual address; <c>None</c> for a headless service, empty when not given.</summary>
    public string ClusterIp { get; init; } = "";

    /// <summary>ClusterIP, NodePort, LoadBalancer or ExternalName; empty means ClusterIP.</summary>
    public string Type { get; init; } = "";

    /// <summary>The name behind an ExternalName service; empty when none.</summary>
    public string ExternalName { get; init; } = "";

    /// <summary>Whether endpoints are published before they are ready.</summary>
    public bool PublishNotReadyAddresses { get; init; }

    /// <summary>Preference for near endpoints, e.g. <c>PreferClose</c>; empty when none.</summary>
    public string TrafficDistribution { get; init; } = "";
}

/// <summary>A port of a Kubernetes Service.</summary>
public sealed record KubernetesServicePort
{
    /// <summary>Its name; may be empty when it is the only one.</summary>
    public string Name { get; init; } = "";

    /// <summary>The port that clients call.</summary>
    public int Port { get; init; }

    /// <summary>The workload port; null means <see cref="TargetPortName"/>, or else <see cref="Port"/>.</summary>
    public int? TargetPort { get; init; }

    /// <summary>The workload port by name; empty when given by number.</summary>
    public string TargetPortName { get; init; } = "";

    /// <summary>TCP, UDP or SCTP; empty means TCP.</summary>
    public string Protocol { get; init; } = "";

    /// <summary>The application's protocol; empty when not given.</summary>
    public string AppProtocol { get; init; } = "";
}
