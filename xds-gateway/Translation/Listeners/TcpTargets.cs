using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Routes;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>Where connections of bytes go, and how they are carried there.</summary>
/// <param name="Clusters">Clusters with their weights; one at least, all weights over 0.</param>
/// <param name="Policy">How long they may last, and through what proxy.</param>
internal sealed record TcpTargets(ImmutableArray<(string Cluster, int Weight)> Clusters, ClusterPolicy Policy)
{
    /// <summary>One cluster.</summary>
    public static TcpTargets Of(string cluster, ClusterPolicy policy) => new([(cluster, 1)], policy);

    /// <summary>
    /// The destinations of a route. One gets everything, whatever its weight; of several, those of weight 0 get nothing.
    /// The policy is that of the first, of several without what its subset says. Source: Istio,
    /// <c>buildOutboundNetworkFilters</c>.
    /// </summary>
    /// <param name="view">Who calls.</param>
    /// <param name="source">The VirtualService.</param>
    /// <param name="route">Its route.</param>
    /// <param name="port">The port that is called.</param>
    /// <param name="known">The clusters there are: to others leads nothing.</param>
    public static TcpTargets Of(
        ProxyView view,
        Sourced<VirtualService> source,
        ImmutableArray<WeightedDestination> route,
        int port,
        IReadOnlySet<string> known)
    {
        var isOne = route.Length == 1;
        ImmutableArray<(string, int)> clusters =
        [
            .. from target in route
               where target.Destination is not null && (isOne || target.Weight > 0)
               let cluster = DestinationResolver.ClusterOf(view, source, target.Destination!, port)
               select (known.Contains(cluster) ? cluster : ClusterName.BlackHole, isOne ? 1 : target.Weight),
        ];
        var policy = route is [{ Destination: { } first }, ..]
            ? DestinationResolver.PolicyOf(view, source, isOne ? first : first with { Subset = "" }, port)
            : ClusterPolicy.Default;
        return clusters.IsEmpty ? Of(ClusterName.BlackHole, policy) : new TcpTargets(clusters, policy);
    }
}
