using MeshOrleans.Model.Config;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using Proto = MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>A cluster without the endpoints that EDS names.</summary>
/// <param name="Model">The cluster.</param>
/// <param name="EdsName">Under which name EDS knows its endpoints; null when the cluster has them itself.</param>
/// <param name="Naming">Whether the addresses of its endpoints may be DNS names that are still to be resolved.</param>
internal sealed record ClusterTemplate(ClusterModel Model, string? EdsName, ClusterNaming Naming = ClusterNaming.None)
{
    /// <summary>The names to resolve.</summary>
    public IEnumerable<string> Names => Naming is ClusterNaming.None
        ? []
        : Model.Endpoints.Select(e => e.Address).Where(a => !System.Net.IPAddress.TryParse(a, out _));
}

/// <summary>How the names of a cluster's endpoints are understood.</summary>
internal enum ClusterNaming
{
    /// <summary>There are none.</summary>
    None,

    /// <summary>Every address of a name is an endpoint (STRICT_DNS).</summary>
    EveryAddress,

    /// <summary>One address of a name stands for all (LOGICAL_DNS).</summary>
    OneAddress,
}

/// <summary><c>Cluster</c> to a model.</summary>
internal static class ClusterReader
{
    private const string HttpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    private const uint EnvoyLimit = 1024; // Envoy, CircuitBreakers.Thresholds
    private const uint EnvoyRetries = 3;

    public static ClusterTemplate Read(Proto.Cluster.Cluster cluster, FieldPath at)
    {
        var (kind, edsName) = Kind(cluster, at);
        var naming = cluster.Type switch
        {
            Proto.Cluster.Cluster.Types.DiscoveryType.StrictDns => ClusterNaming.EveryAddress,
            Proto.Cluster.Cluster.Types.DiscoveryType.LogicalDns => ClusterNaming.OneAddress,
            _ => ClusterNaming.None,
        };
        var assignment = cluster.LoadAssignment is { } own && kind is ClusterKind.Static
            ? EndpointReader.Read(own, at.At("load_assignment"), naming is not ClusterNaming.None)
            : new LoadAssignment([]);
        var (host, ns) = Service(cluster);

        var model = new ClusterModel
        {
            Name = cluster.Name,
            Kind = kind,
            LoadBalancing = LoadBalancing(cluster, at),
            Warmup = WarmupReader.Read(cluster, at),
            Endpoints = assignment.Endpoints,
            OverprovisioningPercent = assignment.OverprovisioningPercent,
            Lanes = LaneSetReader.Read(cluster, at),
            LocalityWeighted = cluster.CommonLbConfig?.LocalityWeightedLbConfig is not null,
            Tls = UpstreamTlsReader.Read(cluster, at),
            Header = ProxyHeaderReader.Read(cluster, at),
            Connection = ConnectionReader.Read(cluster, at),
            Limits = Limits(cluster.CircuitBreakers),
            Outlier = OutlierReader.Read(cluster, at.At("outlier_detection")),
            PanicThresholdPercent = PanicThreshold(cluster),
            ServiceHost = host,
            ServiceNamespace = ns,
        };
        return new ClusterTemplate(Checked(Http(Hash(model, cluster, at), cluster, at), cluster, at), edsName, naming);
    }

    private static ClusterModel Checked(ClusterModel model, Proto.Cluster.Cluster cluster, FieldPath at) =>
        model with { HealthCheck = HealthCheckReader.Read(cluster, model.Protocol, at.At("health_checks")) };

    // Where nothing is found out about endpoints there is no panic either.
    private static int PanicThreshold(Proto.Cluster.Cluster cluster) =>
        cluster.OutlierDetection is null && cluster.HealthChecks.Count == 0
            ? 0
            : (int)Math.Clamp(cluster.CommonLbConfig?.HealthyPanicThreshold?.Value ?? 50, 0, 100);

    private static (ClusterKind Kind, string? EdsName) Kind(Proto.Cluster.Cluster cluster, FieldPath at)
    {
        switch (cluster.Type)
        {
            case Proto.Cluster.Cluster.Types.DiscoveryType.Eds:
                if (cluster.EdsClusterConfig?.EdsConfig?.Ads is null)
                {
                    throw new UnusableResourceException(at.At("eds_cluster_config").At("eds_config"), "must be ads");
                }

                return (
                    ClusterKind.Eds,
                    cluster.EdsClusterConfig.ServiceName is { Length: > 0 } name ? name : cluster.Name);
            case Proto.Cluster.Cluster.Types.DiscoveryType.Static:
            case Proto.Cluster.Cluster.Types.DiscoveryType.StrictDns:
            case Proto.Cluster.Cluster.Types.DiscoveryType.LogicalDns:
                return (ClusterKind.Static, null);
            case Proto.Cluster.Cluster.Types.DiscoveryType.OriginalDst:
                return (ClusterKind.OriginalDestination, null);
            default:
                throw new UnusableResourceException(at.At("type"), $"{cluster.Type} is not supported");
        }
    }

    private static LoadBalancing LoadBalancing(Proto.Cluster.Cluster cluster, FieldPath at) => cluster.LbPolicy switch
    {
        Proto.Cluster.Cluster.Types.LbPolicy.RoundRobin => Dataplane.Model.LoadBalancing.RoundRobin,
        Proto.Cluster.Cluster.Types.LbPolicy.LeastRequest => Dataplane.Model.LoadBalancing.LeastRequest,
        Proto.Cluster.Cluster.Types.LbPolicy.Random => Dataplane.Model.LoadBalancing.Random,
        Proto.Cluster.Cluster.Types.LbPolicy.RingHash => Dataplane.Model.LoadBalancing.RingHash,
        Proto.Cluster.Cluster.Types.LbPolicy.Maglev => Dataplane.Model.LoadBalancing.Maglev,
        Proto.Cluster.Cluster.Types.LbPolicy.ClusterProvided => Dataplane.Model.LoadBalancing.RoundRobin,
        var other => throw new UnusableResourceException(at.At("lb_policy"), $"{other} is not supported"),
    };

    private static ClusterModel Hash(ClusterModel model, Proto.Cluster.Cluster cluster, FieldPath at)
    {
        var (ring, maglev) = (cluster.RingHashLbConfig, cluster.MaglevLbConfig);
        var here = ring is null ? at.At("maglev_lb_config") : at.At("ring_hash_lb_config");
        var (least, most, table) = (
            ring?.MinimumRingSize ?? 1024,
            ring?.MaximumRingSize ?? (ulong)ClusterModel.LargestRing,
            maglev?.TableSize ?? 65537);
        if (most > (ulong)ClusterModel.LargestRing)
        {
            throw new UnusableResourceException(here.At("maximum_ring_size"), $"{most} is too large");
        }

        if (least == 0 || least > most)
        {
            throw new UnusableResourceException(here.At("minimum_ring_size"), $"{least} is not from 1 to {most}");
        }

        if (table > int.MaxValue || !ConsistentHash.IsTableSize((long)table))
        {
            throw new UnusableResourceException(here.At("table_size"), $"{table} is no prime, or too large");
        }

        return model with { MinRingSize = (long)least, MaxRingSize = (long)most, MaglevTableSize = (long)table };
    }

    private static CircuitLimits Limits(Proto.Cluster.CircuitBreakers? breakers)
    {
        var limits = breakers?.Thresholds.FirstOrDefault(t => t.Priority is Proto.Core.RoutingPriority.Default);
        return new CircuitLimits(
            limits?.MaxConnections ?? EnvoyLimit,
            limits?.MaxPendingRequests ?? EnvoyLimit,
            limits?.MaxRequests ?? EnvoyLimit,
            limits?.MaxRetries ?? EnvoyRetries)
        {
            RetryBudget = limits?.RetryBudget is { } budget
                ? new RetryBudgetModel(
                    Math.Clamp(budget.BudgetPercent?.Value ?? 20, 0, 100), budget.MinRetryConcurrency ?? EnvoyRetries)
                : null,
        };
    }

    private static ClusterModel Http(ClusterModel model, Proto.Cluster.Cluster cluster, FieldPath at)
    {
        if (!cluster.TypedExtensionProtocolOptions.TryGetValue(HttpOptions, out var any)) return model;
        var here = at.At("typed_extension_protocol_options").At(HttpOptions);
        var options = CoreReader.Unpack<Proto.Upstream.HttpProtocolOptions>(any, here);
        return model with
        {
            Protocol = options.UseDownstreamProtocolConfig is not null ? UpstreamProtocol.AsDownstream
                : options.ExplicitHttpConfig?.Http2ProtocolOptions is not null ? UpstreamProtocol.Http2
                : UpstreamProtocol.Http1,
            Connection = ConnectionReader.Http(model.Connection, options, here),
        };
    }

    // "outbound|PORT|SUBSET|HOST"; the metadata that istiod writes says the same for clusters of other names.
    private static (string Host, string Namespace) Service(Proto.Cluster.Cluster cluster)
    {
        var parts = cluster.Name.Split('|');
        if (parts is not ["outbound", _, _, var host]) return ("", "");
        var labels = host.Split('.');
        return (host, labels is [_, var ns, "svc", ..] ? ns : "");
    }
}
