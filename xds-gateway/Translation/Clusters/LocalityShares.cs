using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Endpoint;

namespace MeshOrleans.Xds.Translation.Clusters;

/// <summary>Gives each place the share of the traffic that <c>distribute</c> names.</summary>
/// <remarks>
/// Places that are meant by one entry share its percentage by their own weights. A place that nobody names gets
/// nothing, so its endpoints are left out.
/// </remarks>
internal static class LocalityShares
{
    private const double Scale = 1000; // so that small weights keep their proportions as whole numbers

    public static void Apply(ClusterLoadAssignment assignment, LocalityDistribution shares)
    {
        var rest = assignment.Endpoints.ToList();
        assignment.Endpoints.Clear();
        var named = new List<LocalityLbEndpoints>();
        foreach (var (pattern, percent) in shares.To)
        {
            var meant = rest.FindAll(g => LocalityRule.Matches(PlaceOf(g), pattern));
            var total = meant.Sum(g => (long)(g.LoadBalancingWeight ?? 1));
            foreach (var group in meant)
            {
                var weight = Math.Round(Scale * percent * (group.LoadBalancingWeight ?? 1) / total);
                group.LoadBalancingWeight = (uint)Math.Max(1, weight);
                rest.Remove(group);
                named.Add(group);
            }
        }

        assignment.Endpoints.AddRange(named.OrderBy(PlaceOf));
    }

    private static Model.Topology.Locality PlaceOf(LocalityLbEndpoints group) =>
        new(group.Locality.Region, group.Locality.Zone, group.Locality.SubZone);
}
