using System.Collections.Immutable;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Settings;

internal enum ProbeKind
{
    None,
    Tcp,
}

/// <summary>What the process stands in front of.</summary>
internal enum ProxyRole
{
    /// <summary>One workload.</summary>
    Sidecar,

    /// <summary>The edge of the mesh.</summary>
    Gateway,
}

/// <summary>What one sidecar was told at start. Immutable; <see cref="Flags"/> documents every value.</summary>
internal sealed record SidecarSettings
{
    public required ImmutableArray<HostPort> Xds { get; init; }

    public required string Namespace { get; init; }

    public required string WorkloadName { get; init; }

    public required string StateDirectory { get; init; }

    public required string NodeId { get; init; }

    public ProxyRole Role { get; init; }

    /// <summary>Where the credentials are that configuration names; empty when nobody said.</summary>
    public string CredentialsDirectory { get; init; } = "";

    public string ServiceAccount { get; init; } = "default";

    public ImmutableSortedDictionary<string, string> Labels { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    public string Address { get; init; } = "127.0.0.1";

    public string BindAddress { get; init; } = "127.0.0.1";

    public string AppAddress { get; init; } = "127.0.0.1";

    public ImmutableArray<AppPort> AppPorts { get; init; } = [];

    public int OutboundPort { get; init; } = 15001;

    public int AdminPort { get; init; } = 15000;

    public int StatusPort { get; init; } = 15021;

    public int MetricsPort { get; init; } = 15090;

    public string? TokenFile { get; init; }

    /// <summary>The join token itself, where it came without a file. Never logged.</summary>
    public JoinToken? Token { get; init; }

    public string? TrustBundleFile { get; init; }

    /// <summary>The trust domain that a PEM trust bundle vouches for; a JSON one names its own.</summary>
    public TrustDomain TrustDomain { get; init; } = TrustDomain.Parse("cluster.local");

    public string ClusterId { get; init; } = "";

    public string Locality { get; init; } = "";

    public string Network { get; init; } = "";

    public string Group { get; init; } = "";

    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    public int Weight { get; init; } = 1;

    public ProbeKind Probe { get; init; }

    public HopEngine HopEngine { get; init; }

    public string AccessLog { get; init; } = "stdout";

    public double TracingSamplePercent { get; init; } = 1;

    public bool JsonLog { get; init; }

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(45);
}
