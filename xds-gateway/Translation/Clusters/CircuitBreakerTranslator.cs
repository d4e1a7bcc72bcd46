using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Type;
using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Translation.Clusters;

/// <summary>
/// Makes the limits of a cluster. What is not limited is set to the largest number, as Envoy's defaults are small.
/// </summary>
/// <remarks>
/// Envoy has one cap on active requests for all HTTP versions. <c>http1MaxRequests</c>, which is no field of Istio but
/// met in practice, is taken for the same cap; of both the smaller holds.
/// </remarks>
internal static class CircuitBreakerTranslator
{
    public static CircuitBreakers Limits(ClusterPolicy policy)
    {
        var pool = policy.ConnectionPool;
        var thresholds = new CircuitBreakers.Types.Thresholds
        {
            MaxConnections = Limit(pool?.Tcp?.MaxConnections),
            MaxPendingRequests = Limit(pool?.Http?.Http1MaxPendingRequests),
            MaxRequests = Math.Min(Limit(pool?.Http?.Http2MaxRequests), Limit(pool?.Http?.Http1MaxRequests)),
            MaxRetries = Limit(pool?.Http?.MaxRetries),
        };
        if (policy.RetryBudget is { } budget)
        {
            thresholds.RetryBudget = new()
            {
                BudgetPercent = new Percent { Value = budget.Percent ?? 20 },
                MinRetryConcurrency = (uint)(budget.MinRetryConcurrency ?? 3),
            };
        }

        return new CircuitBreakers { Thresholds = { thresholds } };
    }

    private static uint Limit(int? value) => value is > 0 ? (uint)value : uint.MaxValue;
}
