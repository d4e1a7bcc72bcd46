using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>How clients talk to a host once it is chosen (networking.istio.io).</summary>
public sealed record DestinationRule : ConfigSpec
{
    /// <summary>The host it is for, as written; may start with <c>*.</c>.</summary>
    public string Host { get; init; } = "";

    /// <summary>Policy of every subset that has none of its own.</summary>
    public TrafficPolicy? TrafficPolicy { get; init; }

    /// <summary>Named parts of the service.</summary>
    public ImmutableArray<Subset> Subsets { get; init; } = [];

    /// <summary>The namespaces that see it; none means all.</summary>
    public ImmutableArray<string> ExportTo { get; init; } = [];

    /// <summary>The client workloads it is for; null means all.</summary>
    public WorkloadSelector? WorkloadSelector { get; init; }
}

/// <summary>A part of a service's workloads.</summary>
/// <param name="Name">A DNS label.</param>
/// <param name="Labels">Labels its workloads have, all of them.</param>
/// <param name="TrafficPolicy">Replaces the rule's policy block by block.</param>
public sealed record Subset(
    string Name,
    ImmutableSortedDictionary<string,
    string> Labels,
    TrafficPolicy? TrafficPolicy);

/// <summary>How connections and requests to a host are treated.</summary>
public sealed record TrafficPolicy
{
    /// <summary>How an endpoint is chosen.</summary>
    public LoadBalancer? LoadBalancer { get; init; }

    /// <summary>Limits on connections and requests.</summary>
    public ConnectionPool? ConnectionPool { get; init; }

    /// <summary>When an endpoint is taken out because of errors.</summary>
    public OutlierDetection? OutlierDetection { get; init; }

    /// <summary>TLS towards the host; null means automatic mesh mTLS.</summary>
    public ClientTls? Tls { get; init; }

    /// <summary>Policies of single ports, which replace this one entirely.</summary>
    public ImmutableArray<PortTrafficPolicy> PortLevelSettings { get; init; } = [];

    /// <summary>Sends the traffic through a proxy by CONNECT or POST.</summary>
    public TunnelSettings? Tunnel { get; init; }

    /// <summary>PROXY protocol towards the host.</summary>
    public ProxyProtocolVersion? ProxyProtocol { get; init; }

    /// <summary>Bounds retries relative to the requests in flight.</summary>
    public RetryBudget? RetryBudget { get; init; }
}

/// <summary>The policy of one port.</summary>
public sealed record PortTrafficPolicy
{
    /// <summary>The service port; null when the manifest named none.</summary>
    public PortSelector? Port { get; init; }

    /// <summary>How an endpoint is chosen.</summary>
    public LoadBalancer? LoadBalancer { get; init; }

    /// <summary>Limits on connections and requests.</summary>
    public ConnectionPool? ConnectionPool { get; init; }

    /// <summary>When an endpoint is taken out because of errors.</summary>
    public OutlierDetection? OutlierDetection { get; init; }

    /// <summary>TLS towards the host; null means automatic mesh mTLS.</summary>
    public ClientTls? Tls { get; init; }
}

/// <summary>A tunnel through a proxy.</summary>
/// <param name="Protocol">CONNECT or POST; empty means CONNECT.</param>
/// <param name="TargetHost">The host at the far end.</param>
/// <param name="TargetPort">The port at the far end.</param>
public sealed record TunnelSettings(string Protocol, string TargetHost, int TargetPort);

/// <summary>Version of the PROXY protocol.</summary>
public enum ProxyProtocolVersion
{
    /// <summary>The text form.</summary>
    V1,

    /// <summary>The binary form.</summary>
    V2,
}

/// <summary>Bounds retries relative to the requests in flight.</summary>
/// <param name="Percent">Retries in percent of the requests; null means 20.</param>
/// <param name="MinRetryConcurrency">Retries that are always allowed at a time; null means 3.</param>
/// <param name="BudgetInterval">Time over which requests are counted; null counts those in flight only.</param>
public sealed record RetryBudget(double? Percent, int? MinRetryConcurrency, TimeSpan? BudgetInterval);
