using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>Says to which clusters a route leads.</summary>
/// <remarks>
/// One destination gets everything, whatever its weight; of several, those of weight 0 get nothing and are left out.
/// The header changes of a single destination are appended to the route's, so that its own win; those of several stand
/// on the weighted clusters, which Envoy applies first, so that the route's win.
/// </remarks>
internal static class DestinationTranslator
{
    /// <param name="host">The authority that the route asks for; that of a destination counts only without it.</param>
    public static bool Apply(
        RouteAction action,
        ProxyView view,
        Sourced<VirtualService> source,
        HttpRoute rule,
        int port,
        HeaderChangeList headers,
        ref string? host)
    {
        var destinations = Served(rule);
        if (destinations.Count == 0) return false;
        if (rule.Route.Length == 1)
        {
            var only = destinations[0];
            action.Cluster = DestinationResolver.ClusterOf(view, source, only.Destination!, port);
            headers.Append(only.Headers);
            host ??= new HeaderChangeList(only.Headers).Host;
            return true;
        }

        var isHostFree = host is null;
        action.WeightedClusters = new WeightedCluster();
        foreach (var destination in destinations)
        {
            action.WeightedClusters.Clusters.Add(Weighted(view, source, destination, port, isHostFree));
        }

        return true;
    }

    /// <summary>The destinations of a rule that get anything.</summary>
    public static List<HttpRouteDestination> Served(HttpRoute rule)
    {
        var destinations = rule.Route.Where(r => r.Destination is not null).ToList();
        if (destinations.Count > 1) destinations.RemoveAll(r => r.Weight == 0);
        return destinations;
    }

    private static WeightedCluster.Types.ClusterWeight Weighted(
        ProxyView view, Sourced<VirtualService> source, HttpRouteDestination destination, int port, bool isHostFree)
    {
        var headers = new HeaderChangeList(destination.Headers);
        var weighted = new WeightedCluster.Types.ClusterWeight
        {
            Name = DestinationResolver.ClusterOf(view, source, destination.Destination!, port),
            Weight = (uint)destination.Weight,
        };
        if (isHostFree && headers.Host is { } host) weighted.HostRewriteLiteral = host;
        headers.ApplyTo(weighted);
        return weighted;
    }
}
