using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using Proto = MeshOrleans.Xds.Protocol.Cluster;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>Slow start, which either of two load balancers can have.</summary>
internal static class WarmupReader
{
    public static WarmupModel? Read(Proto.Cluster cluster, FieldPath at)
    {
        var (config, here) = cluster.LbPolicy switch
        {
            Proto.Cluster.Types.LbPolicy.RoundRobin =>
                (cluster.RoundRobinLbConfig?.SlowStartConfig, at.At("round_robin_lb_config")),
            Proto.Cluster.Types.LbPolicy.LeastRequest =>
                (cluster.LeastRequestLbConfig?.SlowStartConfig, at.At("least_request_lb_config")),
            _ => (null, at),
        };
        here = here.At("slow_start_config");
        if (config is null) return null;
        if (CoreReader.Positive(config.SlowStartWindow, here.At("slow_start_window")) is not { } window) return null;
        var aggression = config.Aggression?.DefaultValue ?? 1;
        var least = config.MinWeightPercent?.Value ?? 10;
        if (!(aggression > 0) || !double.IsFinite(aggression))
        {
            throw new UnusableResourceException(here.At("aggression"), $"{aggression} is not above 0");
        }

        return least is >= 0 and <= 100
            ? new WarmupModel { Duration = window, Aggression = aggression, MinimumPercent = least }
            : throw new UnusableResourceException(here.At("min_weight_percent"), $"{least} is not from 0 to 100");
    }
}
