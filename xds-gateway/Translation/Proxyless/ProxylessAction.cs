using MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Xds.Translation.Proxyless;

/// <summary>
/// Keeps of a forwarding action what gRPC reads: where to, for how long, how often, and by which header.
/// </summary>
/// <remarks>
/// Header changes, rewrites and copies are not in gRPC's power and left out. The timeout of a route is not read by
/// gRPC; the longest duration of a stream is, and bounds the deadline that the caller asks for.
/// </remarks>
internal static class ProxylessAction
{
    private static readonly string[] RetryConditions =
        ["cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"];

    public static RouteAction Adapt(RouteAction source)
    {
        var action = new RouteAction();
        if (source.WeightedClusters is { } weighted) action.WeightedClusters = Adapt(weighted);
        else action.Cluster = source.Cluster;
        if (source.Timeout is { } timeout && timeout.ToTimeSpan() > TimeSpan.Zero)
        {
            action.MaxStreamDuration = new() { MaxStreamDuration_ = timeout, GrpcTimeoutHeaderMax = timeout };
        }

        if (source.RetryPolicy is { } retry) action.RetryPolicy = Adapt(retry);
        action.HashPolicy.AddRange(source.HashPolicy.Where(policy => policy.Header is not null));
        return action;
    }

    private static WeightedCluster Adapt(WeightedCluster source) => new()
    {
        Clusters =
        {
            source.Clusters.Select(c => new WeightedCluster.Types.ClusterWeight { Name = c.Name, Weight = c.Weight }),
        },
    };

    /// <summary>Null when none of the conditions is one of gRPC's.</summary>
    private static RetryPolicy? Adapt(RetryPolicy source)
    {
        var conditions = source.RetryOn.Split(',').Intersect(RetryConditions).ToList();
        return conditions.Count == 0
            ? null
            : new RetryPolicy
            {
                RetryOn = string.Join(',', conditions),
                NumRetries = source.NumRetries,
                RetryBackOff = source.RetryBackOff,
            };
    }
}
