using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>What a workload's sidecar opens and sees (networking.istio.io).</summary>
public sealed record Sidecar : ConfigSpec
{
    /// <summary>The workloads it is for; null means all of the namespace.</summary>
    public WorkloadSelector? WorkloadSelector { get; init; }

    /// <summary>Ports opened towards the application; none means those of its services.</summary>
    public ImmutableArray<SidecarIngress> Ingress { get; init; } = [];

    /// <summary>Hosts visible to the application; none means all.</summary>
    public ImmutableArray<SidecarEgress> Egress { get; init; } = [];

    /// <summary>Limits on connections from the sidecar to the application.</summary>
    public ConnectionPool? InboundConnectionPool { get; init; }

    /// <summary>What happens to traffic to unknown hosts; null means the mesh's setting.</summary>
    public OutboundTrafficPolicy? OutboundTrafficPolicy { get; init; }
}

/// <summary>How traffic reaches a listener.</summary>
public enum CaptureMode
{
    /// <summary>As the environment does.</summary>
    Default,

    /// <summary>By packet filter.</summary>
    Iptables,

    /// <summary>Not at all: clients dial the listener.</summary>
    None,
}

/// <summary>A port opened towards the application.</summary>
public sealed record SidecarIngress
{
    /// <summary>The port; null when the manifest named none.</summary>
    public NamedPort? Port { get; init; }

    /// <summary>The address to bind; empty means the workload's.</summary>
    public string Bind { get; init; } = "";

    /// <summary>How traffic reaches it.</summary>
    public CaptureMode CaptureMode { get; init; }

    /// <summary>Where the application listens; empty means the same port.</summary>
    public string DefaultEndpoint { get; init; } = "";

    /// <summary>TLS of the port.</summary>
    public ServerTls? Tls { get; init; }

    /// <summary>Limits on connections to the application.</summary>
    public ConnectionPool? ConnectionPool { get; init; }
}

/// <summary>Hosts visible to the application.</summary>
public sealed record SidecarEgress
{
    /// <summary>The protocol of a port at which clients ask for the hosts by name, whatever ports those have.</summary>
    public const string HttpProxy = "HTTP_PROXY";

    /// <summary>The port they are visible on; null means all that no other egress names.</summary>
    public NamedPort? Port { get; init; }

    /// <summary>The address to bind; empty means the services' own.</summary>
    public string Bind { get; init; } = "";

    /// <summary>How traffic reaches it.</summary>
    public CaptureMode CaptureMode { get; init; }

    /// <summary>The hosts, as <c>namespace/dnsName</c>.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];
}
