using System.Collections.Immutable;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Checks;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Proxyless;

/// <summary>Makes what a gRPC program gets that speaks xDS itself and has no proxy.</summary>
/// <remarks>
/// Pure. gRPC refuses a resource for what an Envoy takes (a load balancer it does not know, a redirect), and then
/// goes without. So nothing of the kind is sent: what gRPC has no word for is left out where that only costs comfort,
/// and fails the calls it concerns where it would change their meaning. Source: gRFC A27, A28, A29, A31, A32, A33, A36,
/// A41, A42, A44.
/// </remarks>
internal static class ProxylessTranslator
{
    public static ResourceSet Translate(ProxyView view)
    {
        var targets = ProxylessTarget.Of(view);
        List<RouteConfiguration> tables = [.. targets.Select(target => ProxylessRoutes.Translate(view, target))];
        var known = OutboundCluster.Of(view);
        var missing = Missing(tables, known);
        Cluster[] clusters =
        [
            .. known.Select(cluster => ProxylessCluster.Translate(view, cluster)),
            .. missing.Select(ProxylessCluster.Nobody),
        ];
        ClusterLoadAssignment[] endpoints =
        [
            .. known.Select(cluster => ProxylessCluster.Endpoints(view, cluster)),
            .. missing.Select(name => new ClusterLoadAssignment { ClusterName = name }),
        ];
        Listener[] listeners =
            [.. targets.SelectMany(ProxylessListener.ForClients), .. ProxylessListener.ForServers(view)];
        return new ResourceSet(
            ResourceGroup.Of(TypeUrls.Cluster, clusters, cluster => cluster.Name),
            ResourceGroup.Of(TypeUrls.ClusterLoadAssignment, endpoints, assignment => assignment.ClusterName),
            ResourceGroup.Of(TypeUrls.Listener, listeners, listener => listener.Name),
            ResourceGroup.Of(TypeUrls.RouteConfiguration, tables, table => table.Name));
    }

    /// <summary>
    /// The clusters that routes lead to although they do not exist. A client would wait for them: they are given as
    /// clusters of which nobody is a member.
    /// </summary>
    private static ImmutableArray<string> Missing(
        IEnumerable<RouteConfiguration> tables, IEnumerable<OutboundCluster> known) =>
        [
            .. tables.SelectMany(RouteCheck.ClustersOf)
                .Except(known.Select(cluster => cluster.Name), StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
}
