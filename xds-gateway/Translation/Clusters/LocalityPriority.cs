using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Clusters;

/// <summary>Orders localities by their distance from the client.</summary>
/// <remarks>
/// Only where outlier detection is on: without it nobody would notice that a near endpoint is down. Same sub-zone 0,
/// same zone 1, same region 2, a region that <c>failover</c> names 3, all others last; then gaps are closed. A client
/// that does not know where it is prefers nobody. <c>distribute</c> and <c>failoverPriority</c> are not translated.
/// </remarks>
internal static class LocalityPriority
{
    public static Dictionary<Locality, uint> Of(ProxyView view, ClusterPolicy policy, IEnumerable<Locality> localities)
    {
        var setting = policy.LoadBalancer?.LocalityLbSetting ?? view.Mesh.Settings.LocalityLb;
        var origin = view.Scope.Locality;
        var isOn = policy.OutlierDetection is not null && setting?.Enabled is not false && origin.Region.Length > 0;
        var distances = localities.ToDictionary(l => l, l => isOn ? Distance(origin, l, setting) : 0);
        var ranks = distances.Values.Distinct().Order().ToList();
        return distances.ToDictionary(d => d.Key, d => (uint)ranks.IndexOf(d.Value));
    }

    private static int Distance(Locality origin, Locality other, LocalityLoadBalancer? setting)
    {
        if (origin.Region != other.Region)
        {
            var isNext = setting is not null
                && setting.Failover.Any(f => f.From == origin.Region && f.To == other.Region);
            return isNext ? 3 : 4;
        }

        if (origin.Zone != other.Zone) return 2;
        return origin.SubZone != other.SubZone ? 1 : 0;
    }
}
