using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Type;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Scopes;
using MeshOrleans.Xds.Translation.Tls;

namespace MeshOrleans.Xds.Translation.Clusters;

/// <summary>Makes the clusters: services, the workload's own ports, and what stands for unknown hosts.</summary>
/// <remarks>
/// Pure. Panic mode is off everywhere: when no endpoint may be used, requests fail (503 UH) rather than reach one that
/// is leaving or ejected.
/// </remarks>
internal static class ClusterTranslator
{
    private static readonly TimeSpan DefaultConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A service port, or a subset of it, whose members are checked where a HealthCheck says so.</summary>
    public static Cluster Outbound(ProxyView view, OutboundCluster source)
    {
        var cluster = Unchecked(view, source);
        HealthCheckTranslator.Apply(cluster, view, source);
        return cluster;
    }

    /// <summary>A service port, or a subset of it, whose members nobody checks.</summary>
    public static Cluster Unchecked(ProxyView view, OutboundCluster source)
    {
        var tcp = source.Policy.ConnectionPool?.Tcp;
        var cluster = new Cluster
        {
            Name = source.Name,
            Type = source.Discovery,
            ConnectTimeout = Duration.FromTimeSpan(tcp?.ConnectTimeout ?? view.Mesh.Settings.ConnectTimeout),
            CircuitBreakers = CircuitBreakerTranslator.Limits(source.Policy),
            CommonLbConfig = CommonLb(view, source),
        };
        if (cluster.Type is Cluster.Types.DiscoveryType.Eds)
        {
            cluster.EdsClusterConfig = new() { EdsConfig = ConfigSources.Ads(view.Scope), ServiceName = source.Name };
        }
        else if (cluster.Type is not Cluster.Types.DiscoveryType.OriginalDst)
        {
            cluster.LoadAssignment = ClusterLoadAssignmentTranslator.Translate(view, source);
        }

        LoadBalancerTranslator.Apply(cluster, source.Policy.LoadBalancer);
        LaneTranslator.Apply(cluster, view.Scope, source);
        if (source.Policy.OutlierDetection is { } outlier)
        {
            OutlierTranslator.Apply(cluster, outlier, source.Policy.AlwaysEjectsOne);
        }

        if (tcp?.TcpKeepalive is { } keepalive)
        {
            cluster.UpstreamConnectionOptions = new() { TcpKeepalive = Probes(keepalive) };
        }

        HttpProtocolTranslator.Apply(cluster, source);
        TransportSocketTranslator.Apply(cluster, view, source);
        return cluster;
    }

    /// <summary>A port of the workload itself, where its application listens.</summary>
    public static Cluster Inbound(InboundPort port)
    {
        var cluster = new Cluster
        {
            Name = ClusterName.Inbound(port.Number),
            Type = Cluster.Types.DiscoveryType.Static,
            ConnectTimeout = Duration.FromTimeSpan(DefaultConnectTimeout),
            LbPolicy = Cluster.Types.LbPolicy.RoundRobin,
            CircuitBreakers = CircuitBreakerTranslator.Limits(ClusterPolicy.Default with { ConnectionPool = port.Pool }),
            LoadAssignment = new()
            {
                ClusterName = ClusterName.Inbound(port.Number),
                Endpoints = { new Protocol.Endpoint.LocalityLbEndpoints { LbEndpoints = { Application(port) } } },
            },
        };
        if (port.Pool?.Tcp?.ConnectTimeout is { } timeout) cluster.ConnectTimeout = Duration.FromTimeSpan(timeout);
        if (port.Pool?.Tcp?.TcpKeepalive is { } keepalive)
        {
            cluster.UpstreamConnectionOptions = new() { TcpKeepalive = Probes(keepalive) };
        }

        HttpProtocolTranslator.ApplyInbound(cluster, port.Protocol, port.Pool);
        return cluster;
    }

    /// <summary>Sends to the address that the client meant.</summary>
    public static Cluster Passthrough() => new()
    {
        Name = ClusterName.Passthrough,
        Type = Cluster.Types.DiscoveryType.OriginalDst,
        LbPolicy = Cluster.Types.LbPolicy.ClusterProvided,
        ConnectTimeout = Duration.FromTimeSpan(DefaultConnectTimeout),
        CircuitBreakers = CircuitBreakerTranslator.Limits(ClusterPolicy.Default),
    };

    /// <summary>Has no endpoint.</summary>
    public static Cluster BlackHole() => new()
    {
        Name = ClusterName.BlackHole,
        Type = Cluster.Types.DiscoveryType.Static,
        ConnectTimeout = Duration.FromTimeSpan(DefaultConnectTimeout),
    };

    private static Cluster.Types.CommonLbConfig CommonLb(ProxyView view, OutboundCluster source)
    {
        var threshold = source.Policy.OutlierDetection?.MinHealthPercent ?? 0;
        var config = new Cluster.Types.CommonLbConfig { HealthyPanicThreshold = new Percent { Value = threshold } };
        var hasShares = LocalityRule.Of(view, source.Service, source.Policy).Shares is not null;
        if (hasShares) config.LocalityWeightedLbConfig = new();
        return config;
    }

    private static Protocol.Core.TcpKeepalive Probes(Model.Config.TcpKeepalive keepalive)
    {
        var probes = new Protocol.Core.TcpKeepalive();
        if (keepalive.Probes is { } count) probes.KeepaliveProbes = (uint)count;
        if (keepalive.Time is { } time) probes.KeepaliveTime = (uint)time.TotalSeconds;
        if (keepalive.Interval is { } interval) probes.KeepaliveInterval = (uint)interval.TotalSeconds;
        return probes;
    }

    private static Protocol.Endpoint.LbEndpoint Application(InboundPort port) => new()
    {
        Endpoint = new() { Address = Addresses.Of(port.Application.Address, port.Application.Port) },
    };
}
