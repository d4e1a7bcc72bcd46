using System.Collections.Immutable;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Xds.Translation.Index;

/// <summary>What the DestinationRules say for one service, seen from one client.</summary>
/// <param name="Policy">The policy of the whole service; null when there is none.</param>
/// <param name="Subsets">Its parts, by unique name.</param>
/// <param name="AlwaysEjectsOne">One endpoint may be ejected even where the share forbids it.</param>
internal sealed record EffectiveRule(
    TrafficPolicy? Policy, ImmutableArray<Subset> Subsets, bool AlwaysEjectsOne = false)
{
    public static EffectiveRule None { get; } = new(null, []);

    /// <summary>
    /// The policy of one cluster: each block of the subset replaces that of the service whole. On either level the
    /// settings of the port, when there are any, stand in for all that came before; what they leave out has its
    /// default.
    /// </summary>
    public ClusterPolicy PolicyOf(int port, Subset? subset)
    {
        var whole = Merge(ClusterPolicy.Default with { AlwaysEjectsOne = AlwaysEjectsOne }, Policy, port);
        return Merge(whole, subset?.TrafficPolicy, port);
    }

    private static ClusterPolicy Merge(ClusterPolicy before, TrafficPolicy? policy, int port)
    {
        if (policy is null) return before;
        var merged = before with
        {
            LoadBalancer = policy.LoadBalancer ?? before.LoadBalancer,
            ConnectionPool = policy.ConnectionPool ?? before.ConnectionPool,
            OutlierDetection = policy.OutlierDetection ?? before.OutlierDetection,
            Tls = policy.Tls ?? before.Tls,
            RetryBudget = policy.RetryBudget ?? before.RetryBudget,
            Tunnel = policy.Tunnel ?? before.Tunnel,
            ProxyProtocol = policy.ProxyProtocol ?? before.ProxyProtocol,
        };
        var own = policy.PortLevelSettings.FirstOrDefault(settings => settings.Port?.Number == port);
        return own is null
            ? merged
            : merged with
            {
                LoadBalancer = own.LoadBalancer,
                ConnectionPool = own.ConnectionPool,
                OutlierDetection = own.OutlierDetection,
                Tls = own.Tls,
            };
    }
}

/// <summary>The blocks that hold for one cluster; null means the default.</summary>
internal sealed record ClusterPolicy
{
    public static ClusterPolicy Default { get; } = new();

    public LoadBalancer? LoadBalancer { get; init; }

    public ConnectionPool? ConnectionPool { get; init; }

    public OutlierDetection? OutlierDetection { get; init; }

    public ClientTls? Tls { get; init; }

    public RetryBudget? RetryBudget { get; init; }

    /// <summary>The proxy that the members are, for connections of bytes that a route sends to them.</summary>
    public TunnelSettings? Tunnel { get; init; }

    /// <summary>How connections begin; null when with what is sent.</summary>
    public ProxyProtocolVersion? ProxyProtocol { get; init; }

    /// <summary>One endpoint may be ejected even where the share forbids it.</summary>
    public bool AlwaysEjectsOne { get; init; }
}
