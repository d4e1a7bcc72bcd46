using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Cluster;

namespace MeshOrleans.Xds.Translation.Clusters;

/// <summary>Says how an endpoint is chosen. The default is LEAST_REQUEST, as Istio's is.</summary>
internal static class LoadBalancerTranslator
{
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
        cluster.RingHashLbConfig = new() { MinimumRingSize = (ulong?)hash.MinimumRingSize ?? DefaultRingSize };
    }
}
