using System.Collections.Frozen;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>What happens to outbound calls that no listener or virtual host knows.</summary>
public enum OutboundPolicy
{
    /// <summary>They go where they point, unchanged.</summary>
    AllowAny,

    /// <summary>They are answered with 502.</summary>
    RegistryOnly,
}

/// <summary>
/// Everything a sidecar does, prepared and immutable. A new configuration is a new model, swapped whole.
/// </summary>
public sealed record ProxyModel
{
    /// <summary>A sidecar that knows nothing yet: outbound calls are refused, no inbound port is open.</summary>
    public static ProxyModel Empty { get; } = new() { OutboundPolicy = OutboundPolicy.RegistryOnly };

    /// <summary>A name for logs; equal content need not have equal names.</summary>
    public string Version { get; init; } = "";

    /// <summary>Outbound listeners by the port that the caller's authority names.</summary>
    public FrozenDictionary<int, OutboundPortModel> Outbound { get; init; } =
        FrozenDictionary<int, OutboundPortModel>.Empty;

    /// <summary>Services whose outbound connections are carried as bytes.</summary>
    public TcpServiceTable OutboundTcp { get; init; } = TcpServiceTable.Empty;

    /// <summary>Inbound ports by workload port.</summary>
    public FrozenDictionary<int, InboundPortModel> Inbound { get; init; } =
        FrozenDictionary<int, InboundPortModel>.Empty;

    /// <summary>A gateway's listeners by name.</summary>
    public FrozenDictionary<string, EdgeListenerModel> Edge { get; init; } =
        FrozenDictionary<string, EdgeListenerModel>.Empty;

    /// <summary>Clusters by name.</summary>
    public FrozenDictionary<string, ClusterModel> Clusters { get; init; } =
        FrozenDictionary<string, ClusterModel>.Empty;

    /// <summary>
    /// Where this sidecar's own application listens; the control plane says 127.0.0.1 of everybody's, since it cannot
    /// know.
    /// </summary>
    public string AppAddress { get; init; } = "127.0.0.1";

    /// <summary>
    /// The address of the workload, by which others know it: what is hashed for its own calls. Null when unknown.
    /// </summary>
    public System.Net.IPAddress? WorkloadAddress { get; init; }

    /// <summary>For ports without a listener.</summary>
    public OutboundPolicy OutboundPolicy { get; init; }

    /// <summary>Ports without a listener are asked for before <see cref="OutboundPolicy"/> counts.</summary>
    public bool IsOnDemand { get; init; }

    /// <summary>The share of requests without a trace decision of their own that are sampled.</summary>
    /// <value>1 % by default.</value>
    public Fraction TraceSampling { get; init; } = Fraction.FromPercent(1);
}

/// <summary>One outbound listener.</summary>
/// <param name="Port">The service port.</param>
/// <param name="Routes">Its routes.</param>
/// <param name="PathNormalization">How paths are brought to one spelling.</param>
public sealed record OutboundPortModel(
    int Port, RouteTableModel Routes, PathNormalizationMode PathNormalization = PathNormalizationMode.Base)
{
    /// <summary>
    /// What becomes of connections that turn out to carry no requests, by the name of the host, where nobody has declared what
    /// its port speaks. All others are taken for requests.
    /// </summary>
    public FrozenDictionary<string, TcpChainModel> Bytes { get; init; } = FrozenDictionary<string, TcpChainModel>.Empty;
}
