using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Scopes;
using MeshOrleans.Xds.Translation.Tls;

namespace MeshOrleans.Xds.Translation.Proxyless;

/// <summary>Makes clusters: endpoints from EDS, round robin or a ring, and the one limit that gRPC has.</summary>
/// <remarks>
/// gRPC has a limit of 1024 calls unless it is told another (gRFC A32). Outlier detection is left out: gRPC's (gRFC
/// A50) goes by success rates, which the Istio API does not speak of.
/// </remarks>
internal static class ProxylessCluster
{
    private const ulong MaxRingSize = 8 * 1024 * 1024;

    public static Cluster Translate(ProxyView view, OutboundCluster source)
    {
        var cluster = Nobody(source.Name);
        if (!CanCall(source)) return cluster;
        if (source.Policy.LoadBalancer?.ConsistentHash is { } hash)
        {
            cluster.LbPolicy = Cluster.Types.LbPolicy.RingHash;
            if (hash.MinimumRingSize is { } size)
            {
                cluster.RingHashLbConfig = new() { MinimumRingSize = Math.Min((ulong)size, MaxRingSize) };
            }
        }

        var limit = CircuitBreakerTranslator.Limits(source.Policy).Thresholds[0].MaxRequests;
        cluster.CircuitBreakers = new()
        {
            Thresholds = { new CircuitBreakers.Types.Thresholds { MaxRequests = limit } },
        };
        if (source.Policy.Tls is { Mode: ClientTlsMode.IstioMutual } tls)
        {
            var identities = TransportSocketTranslator.MeshIdentities(view, source, tls);
            cluster.TransportSocket = ProxylessTls.Upstream(identities);
        }

        return cluster;
    }

    public static ClusterLoadAssignment Endpoints(ProxyView view, OutboundCluster source) => CanCall(source)
        ? ClusterLoadAssignmentTranslator.Translate(view, source.WithoutLanes())
        : new ClusterLoadAssignment { ClusterName = source.Name };

    /// <summary>A cluster without members.</summary>
    public static Cluster Nobody(string name) => new()
    {
        Name = name,
        Type = Cluster.Types.DiscoveryType.Eds,
        EdsClusterConfig = new() { EdsConfig = ConfigSources.Ads(), ServiceName = name },
        LbPolicy = Cluster.Types.LbPolicy.RoundRobin,
    };

    /// <summary>
    /// gRPC dials literal addresses only, and has no certificates but the mesh's: where TLS of another kind is asked
    /// for, not to call at all is the only safe answer.
    /// </summary>
    private static bool CanCall(OutboundCluster source) =>
        source.Discovery is Cluster.Types.DiscoveryType.Eds
        && source.Policy.ProxyProtocol is null
        && source.Policy.Tls is null or { Mode: ClientTlsMode.Disable or ClientTlsMode.IstioMutual };
}
