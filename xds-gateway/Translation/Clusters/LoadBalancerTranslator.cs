using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Cluster;

namespace MeshOrleans.Xds.Translation.Clusters;

/// <summary>Says how an endpoint is chosen. The default is LEAST_REQUEST, as Istio's is.</summary>
internal static class LoadBalancerTranslator
{
    private const string AggressionKey = "upstream.slow_start.aggression";
    private const ulong DefaultRingSize = 1024;
    private const ulong DefaultTableSize = 65537;

    public static void Apply(Cluster cluster, LoadBalancer? source)
    {
        if (cluster.Type is Cluster.Types.DiscoveryType.OriginalDst)
        {
            cluster.LbPolicy = Cluster.Types.LbPolicy.ClusterProvided; // the client has chosen already
            return;
        }

        if (source?.ConsistentHash is { } hash)
        {
            ApplyHash(cluster, hash);
            return;
        }

        cluster.LbPolicy = source?.Simple switch
        {
            SimpleLoadBalancer.Random => Cluster.Types.LbPolicy.Random,
            SimpleLoadBalancer.RoundRobin => Cluster.Types.LbPolicy.RoundRobin,
            _ => Cluster.Types.LbPolicy.LeastRequest,
        };
        if (source?.Warmup is { Duration: { } window } warmup) ApplyWarmup(cluster, warmup, window);
    }

    private static void ApplyWarmup(Cluster cluster, Warmup warmup, TimeSpan window)
    {
        var config = new Cluster.Types.SlowStartConfig
        {
            SlowStartWindow = Duration.FromTimeSpan(window),
            Aggression = new() { DefaultValue = warmup.Aggression ?? 1, RuntimeKey = AggressionKey },
            MinWeightPercent = new() { Value = warmup.MinimumPercent ?? 10 },
        };
        if (cluster.LbPolicy is Cluster.Types.LbPolicy.RoundRobin)
        {
            cluster.RoundRobinLbConfig = new() { SlowStartConfig = config };
        }
        else if (cluster.LbPolicy is Cluster.Types.LbPolicy.LeastRequest)
        {
            cluster.LeastRequestLbConfig = new() { SlowStartConfig = config };
        }
    }

    private static void ApplyHash(Cluster cluster, ConsistentHash hash)
    {
        if (hash.UseMaglev)
        {
            cluster.LbPolicy = Cluster.Types.LbPolicy.Maglev;
            // What was stored before its size was checked.
            var isTable = hash.MaglevTableSize is { } size && ConsistentHash.IsTableSize(size);
            cluster.MaglevLbConfig = new() { TableSize = isTable ? (ulong)hash.MaglevTableSize! : DefaultTableSize };
            return;
        }

        cluster.LbPolicy = Cluster.Types.LbPolicy.RingHash;
        var least = hash.MinimumRingSize is > 0 and var places ? (ulong)places : DefaultRingSize;
        cluster.RingHashLbConfig = new() { MinimumRingSize = least };
    }
}
