using System.Collections.Immutable;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Topology;

/// <summary>Where a service is known from.</summary>
public enum ServiceOrigin
{
    /// <summary>A Kubernetes Service of this mesh, with the endpoints that other meshes add to it.</summary>
    Kubernetes,

    /// <summary>A ServiceEntry.</summary>
    ServiceEntry,

    /// <summary>Other meshes only.</summary>
    Imported,
}

/// <summary>One port of a service.</summary>
/// <param name="Name">Its name; may be empty.</param>
/// <param name="Number">The port that clients call.</param>
/// <param name="TargetPort">The workload port; 0 when it is given by name and depends on the workload.</param>
/// <param name="TargetPortName">The workload port's name; empty when it is given by number.</param>
/// <param name="Protocol">What is spoken on it.</param>
public sealed record ServicePort(string Name, int Number, int TargetPort, string TargetPortName, AppProtocol Protocol);

/// <summary>Something that can be called by host name.</summary>
public sealed record Service
{
    /// <summary>The host name, fully qualified and in lower case.</summary>
    public required string Host { get; init; }

    /// <summary>The namespace it belongs to.</summary>
    public required string Namespace { get; init; }

    /// <summary>The name of the resource it comes from.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is known from.</summary>
    public required ServiceOrigin Origin { get; init; }

    /// <summary>Its ports, by number.</summary>
    public required ImmutableArray<ServicePort> Ports { get; init; }

    /// <summary>Labels of its workloads; null selects none.</summary>
    public ImmutableSortedDictionary<string, string>? Selector { get; init; }

    /// <summary>Its virtual addresses; none when it is reached by name only.</summary>
    public ImmutableArray<string> Addresses { get; init; } = [];

    /// <summary>How its endpoints are found.</summary>
    public ServiceResolution Resolution { get; init; } = ServiceResolution.Static;

    /// <summary>True when it is outside of the mesh: no mesh mTLS.</summary>
    public bool IsExternal { get; init; }

    /// <summary>True when it has no virtual address of its own: clients may also call its members by name.</summary>
    public bool IsHeadless { get; init; }

    /// <summary>The namespaces that see it, as <c>exportTo</c> writes them; none means all.</summary>
    public ImmutableArray<string> ExportTo { get; init; } = [];

    /// <summary>Names of which an endpoint's certificate must hold one, besides its identity.</summary>
    public ImmutableArray<string> SubjectAltNames { get; init; } = [];

    /// <summary>The service accounts of its namespace that may run it, as far as configuration names them.</summary>
    public ImmutableArray<string> ServiceAccounts { get; init; } = [];

    /// <summary>Its preference for near endpoints, as Kubernetes names it; empty when it has none.</summary>
    public string TrafficDistribution { get; init; } = "";

    /// <summary>The links that add endpoints to it.</summary>
    public ImmutableArray<string> Peers { get; init; } = [];

    /// <summary>The port of a number; null when it has none.</summary>
    public ServicePort? FindPort(int number)
    {
        foreach (var port in Ports)
        {
            if (port.Number == number) return port;
        }

        return null;
    }
}
