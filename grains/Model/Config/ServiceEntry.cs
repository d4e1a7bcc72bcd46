using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>Where a ServiceEntry's endpoints are.</summary>
public enum ServiceLocation
{
    /// <summary>Outside: no mesh mTLS.</summary>
    MeshExternal,

    /// <summary>Inside: treated like any service of the mesh.</summary>
    MeshInternal,
}

/// <summary>How a ServiceEntry's endpoints are found.</summary>
public enum ServiceResolution
{
    /// <summary>The address that the client dialled.</summary>
    None,

    /// <summary>The addresses given.</summary>
    Static,

    /// <summary>By DNS, all addresses.</summary>
    Dns,

    /// <summary>By DNS, the first address.</summary>
    DnsRoundRobin,

    /// <summary>By DNS of the request's host, on demand.</summary>
    DynamicDns,
}

/// <summary>A service that no platform registry knows (networking.istio.io).</summary>
public sealed record ServiceEntry : ConfigSpec
{
    /// <summary>Its hosts, fully qualified.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    /// <summary>Its virtual addresses, with optional prefix length.</summary>
    public ImmutableArray<string> Addresses { get; init; } = [];

    /// <summary>Its ports.</summary>
    public ImmutableArray<NamedPort> Ports { get; init; } = [];

    /// <summary>Inside or outside of the mesh.</summary>
    public ServiceLocation Location { get; init; }

    /// <summary>How its endpoints are found.</summary>
    public ServiceResolution Resolution { get; init; }

    /// <summary>Its endpoints; exclusive with <see cref="WorkloadSelector"/>.</summary>
    public ImmutableArray<WorkloadEntry> Endpoints { get; init; } = [];

    /// <summary>Selects its endpoints among the workloads of its namespace.</summary>
    public WorkloadSelector? WorkloadSelector { get; init; }

    /// <summary>The namespaces that see it; none means all.</summary>
    public ImmutableArray<string> ExportTo { get; init; } = [];

    /// <summary>Names of which an endpoint's certificate must hold one.</summary>
    public ImmutableArray<string> SubjectAltNames { get; init; } = [];
}
