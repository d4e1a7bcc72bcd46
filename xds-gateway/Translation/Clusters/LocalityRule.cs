using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Clusters;

/// <summary>What distance means for one cluster, seen from one proxy.</summary>
/// <remarks>
/// The DestinationRule's setting counts whole, or else the service's <c>trafficDistribution</c>, or else the mesh's.
/// Near endpoints come first only where outlier detection is on, without which nobody would notice that they are down;
/// <c>trafficDistribution</c> asks for it in so many words and needs none. Shares (<c>distribute</c>) need none either.
/// </remarks>
internal sealed record LocalityRule
{
    private const string Network = "topology.istio.io/network";
    private const string Region = "topology.kubernetes.io/region";
    private const string Zone = "topology.kubernetes.io/zone";
    private const string SubZone = "topology.istio.io/subzone";
    private const string Node = "kubernetes.io/hostname";
    private const int Distances = 5;

    private readonly ProxyScope _scope;
    private readonly LocalityLoadBalancer? _setting;
    private readonly bool _failsOver;

    private LocalityRule(ProxyScope scope, LocalityLoadBalancer? setting, bool failsOver) =>
        (_scope, _setting, _failsOver) = (scope, setting is { Enabled: false } ? null : setting, failsOver);

    /// <summary>The shares from here; null when none are given.</summary>
    public LocalityDistribution? Shares =>
        _setting?.Distribute.FirstOrDefault(d => Matches(_scope.Locality, d.From));

    public static LocalityRule Of(ProxyView view, Service service, ClusterPolicy policy)
    {
        var isWatched = policy.OutlierDetection is not null;
        if (policy.LoadBalancer?.LocalityLbSetting is { } own) return new(view.Scope, own, isWatched);
        string[] labels = service.TrafficDistribution switch
        {
            "PreferClose" => [Network, Region, Zone, SubZone],
            "PreferSameZone" => [Network, Region, Zone],
            "PreferSameNode" => [Network, Region, Zone, SubZone, Node],
            _ => [],
        };
        return labels.Length > 0
            ? new(view.Scope, new() { FailoverPriority = [.. labels] }, true)
            : new(view.Scope, view.Mesh.Settings.LocalityLb ?? new(), isWatched);
    }

    /// <summary>Whether a place is meant: <c>*</c> and parts that are left out stand for all.</summary>
    public static bool Matches(Locality place, string pattern)
    {
        var wanted = Locality.Parse(pattern);
        return (wanted.Region == "*" || wanted.Region == place.Region)
            && (wanted.Zone is "*" or "" || wanted.Zone == place.Zone)
            && (wanted.SubZone is "*" or "" || wanted.SubZone == place.SubZone);
    }

    /// <summary>How far away an endpoint is; the numbers may have gaps.</summary>
    public int DistanceOf(ServiceEndpoint endpoint)
    {
        if (_setting is null || !_failsOver || !_setting.Distribute.IsEmpty) return 0;
        if (_setting.FailoverPriority.IsEmpty) return DistanceOf(endpoint.Workload.Locality);
        var first = Mismatch(endpoint);
        return _setting.Failover.IsEmpty ? first : first * Distances + DistanceOf(endpoint.Workload.Locality);
    }

    /// <summary>
    /// Same sub-zone 0, same zone 1, same region 2; where <c>failover</c> names a region for this one, that is 3 and
    /// the rest 4. A proxy that does not know where it is prefers nobody.
    /// </summary>
    private int DistanceOf(Locality other)
    {
        var origin = _scope.Locality;
        if (origin.Region.Length == 0) return 0;
        if (origin.Region != other.Region)
        {
            var next = _setting!.Failover.FirstOrDefault(f => f.From == origin.Region);
            return next is null || next.To == other.Region ? 3 : 4;
        }

        if (origin.Zone != other.Zone) return 2;
        return origin.SubZone != other.SubZone ? 1 : 0;
    }

    /// <summary>
    /// The labels are looked at in order, up to the first that differs: the earlier that is, the farther away.
    /// <c>key=value</c> asks for that value, whatever the proxy's own is.
    /// </summary>
    private int Mismatch(ServiceEndpoint endpoint)
    {
        var labels = _setting!.FailoverPriority;
        for (var i = 0; i < labels.Length; i++)
        {
            var parts = labels[i].Split('=', 2);
            var wanted = parts.Length == 2 ? parts[1] : Label(_scope.Network, _scope.Locality, _scope.Labels, parts[0]);
            var other = endpoint.Workload;
            if (wanted != Label(other.Network, other.Locality, other.Labels, parts[0])) return labels.Length - i;
        }

        return 0;
    }

    private static string Label(
        string network, Locality locality, ImmutableSortedDictionary<string, string> labels, string name) =>
        name == Network && network.Length > 0 ? network
        : Place(locality, name) is { Length: > 0 } place ? place
        : labels.GetValueOrDefault(name, "");

    private static string Place(Locality locality, string name) => name switch
    {
        Region => locality.Region,
        Zone => locality.Zone,
        SubZone => locality.SubZone,
        _ => "",
    };
}
