using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Clusters;

/// <summary>A service port, or a subset of it, as one client calls it.</summary>
internal sealed record OutboundCluster
{
    public required Service Service { get; init; }

    public required ServicePort Port { get; init; }

    /// <summary>Null for the whole service.</summary>
    public required Subset? Subset { get; init; }

    public required ClusterPolicy Policy { get; init; }

    /// <summary>
    /// The members of this cluster, unhealthy ones included; those of lanes may be outside of its subset.
    /// </summary>
    public required ImmutableArray<ServiceEndpoint> Endpoints { get; init; }

    /// <summary>The members of the whole service on this port: a superset of <see cref="Endpoints"/>.</summary>
    public required ImmutableArray<ServiceEndpoint> Siblings { get; init; }

    /// <summary>The lanes that cover it.</summary>
    public ClusterLanes Lanes { get; init; } = ClusterLanes.None;

    public string Name => ClusterName.Outbound(Service.Host, Port.Number, Subset?.Name ?? "");

    public string ServerName => ClusterName.ServerName(Service.Host, Port.Number, Subset?.Name ?? "");

    /// <summary>How the members are found.</summary>
    public Cluster.Types.DiscoveryType Discovery { get; private init; }

    /// <summary>Whether its members are told as a resource of their own.</summary>
    public bool HasEndpoints => Discovery is Cluster.Types.DiscoveryType.Eds;

    /// <summary>
    /// Whether connections to a port of a service keep the member that the client has chosen: a stock Envoy has a cluster for
    /// each.
    /// </summary>
    public static bool HasMemberClusters(Service service, ServicePort port) =>
        service.IsHeadless && service.Addresses.IsEmpty && !port.Protocol.IsHttp();

    /// <summary>All clusters of a view, in fixed order.</summary>
    public static ImmutableArray<OutboundCluster> Of(ProxyView view) =>
        [.. view.Services.SelectMany(service => Of(view, service))];

    /// <summary>What clusters are called.</summary>
    public static HashSet<string> NamesOf(IEnumerable<OutboundCluster> clusters) =>
        clusters.Select(cluster => cluster.Name).ToHashSet(StringComparer.Ordinal);

    /// <summary>The clusters of one service that the view sees.</summary>
    public static IEnumerable<OutboundCluster> Of(ProxyView view, Service service)
    {
        var rule = view.RuleOf(service);
        var lanes = view.Mesh.Lanes.Of(service);
        foreach (var port in service.Ports.Where(p => p.Protocol is not AppProtocol.Udp))
        {
            var endpoints = view.Mesh.Registry.Endpoints(service, port);
            yield return Create(service, port, rule, endpoints, null, lanes);
            foreach (var subset in rule.Subsets)
            {
                yield return Create(service, port, rule, endpoints, subset, lanes);
            }
        }
    }

    /// <summary>The same for clients who know no lanes: only who is outside of all of them.</summary>
    public OutboundCluster WithoutLanes() =>
        this with { Endpoints = [.. Endpoints.Where(Lanes.IsBase)], Lanes = ClusterLanes.None };

    private static OutboundCluster Create(
        Service service,
        ServicePort port,
        EffectiveRule rule,
        ImmutableArray<ServiceEndpoint> endpoints,
        Subset? subset,
        ImmutableArray<ServiceLane> all)
    {
        var policy = rule.PolicyOf(port.Number, subset);
        var lanes = ClusterLanes.Of(all, subset, endpoints);
        var members = lanes.MembersOf(endpoints);
        var discovery = DiscoveryOf(service, policy, members);
        if (discovery is not (Cluster.Types.DiscoveryType.Eds or Cluster.Types.DiscoveryType.StrictDns))
        {
            lanes = lanes.WithoutAny(); // there are no members to choose from
            members = lanes.MembersOf(endpoints);
        }

        return new OutboundCluster
        {
            Service = service,
            Port = port,
            Subset = subset,
            Policy = policy,
            Endpoints = members,
            Siblings = endpoints,
            Lanes = lanes,
            Discovery = discovery,
        };
    }

    private static Cluster.Types.DiscoveryType DiscoveryOf(
        Service service, ClusterPolicy policy, ImmutableArray<ServiceEndpoint> members) => service.Resolution switch
        {
            _ when policy.LoadBalancer?.Simple is SimpleLoadBalancer.Passthrough =>
                Cluster.Types.DiscoveryType.OriginalDst,
            ServiceResolution.None or ServiceResolution.DynamicDns => Cluster.Types.DiscoveryType.OriginalDst,
            ServiceResolution.DnsRoundRobin => Cluster.Types.DiscoveryType.LogicalDns,
            ServiceResolution.Dns => Cluster.Types.DiscoveryType.StrictDns,
            // EDS carries literal addresses only; a service that leads to a name has to be resolved by the client.
            _ when members.Any(e => !IPAddress.TryParse(e.Workload.Address, out _)) =>
                Cluster.Types.DiscoveryType.StrictDns,
            _ => Cluster.Types.DiscoveryType.Eds,
        };
}
