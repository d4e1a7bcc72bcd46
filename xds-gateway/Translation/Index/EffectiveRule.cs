using System.Collections.Immutable;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Xds.Translation.Index;

/// <summary>What the DestinationRules say for one service, seen from one client.</summary>
/// <param name="Policy">The policy of the whole service; null when there is none.</param>
/// <param name="Subsets">Its parts, by unique name.</param>
internal sealed record EffectiveRule(TrafficPolicy? Policy, ImmutableArray<Subset> Subsets)
{
    public static EffectiveRule None { get; } = new(null, []);

    /// <summary>
    /// The policy of one cluster: each block of the subset replaces that of the service whole. On either level the
    /// settings of the port, when there are any, stand in for the level entirely; what they leave out has its default.
    /// </summary>
    public ClusterPolicy PolicyOf(int port, Subset? subset)
    {
        var whole = Level(Policy, port);
        var part = Level(subset?.TrafficPolicy, port);
        return new ClusterPolicy
        {
            LoadBalancer = part.LoadBalancer ?? whole.LoadBalancer,
            ConnectionPool = part.ConnectionPool ?? whole.ConnectionPool,
            OutlierDetection = part.OutlierDetection ?? whole.OutlierDetection,
            Tls = part.Tls ?? whole.Tls,
            RetryBudget = part.RetryBudget ?? whole.RetryBudget,
        };
    }

    private static ClusterPolicy Level(TrafficPolicy? policy, int port)
    {
        if (policy is null) return ClusterPolicy.Default;
        var own = policy.PortLevelSettings.FirstOrDefault(settings => settings.Port?.Number == port);
        return own is null
            ? new ClusterPolicy
            {
                LoadBalancer = policy.LoadBalancer,
                ConnectionPool = policy.ConnectionPool,
                OutlierDetection = policy.OutlierDetection,
                Tls = policy.Tls,
                RetryBudget = policy.RetryBudget,
            }
            : new ClusterPolicy
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
}
