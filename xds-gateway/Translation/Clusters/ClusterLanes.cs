using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Xds.Translation.Clusters;

/// <summary>Who of a service's endpoints serves whom in one cluster: those of lanes their lanes, the others the rest.</summary>
/// <remarks>
/// A subset narrows a lane where the lane has somebody in it who can be used; else the lane counts, and not the subset: a
/// request of the lane goes to its version of the service, whatever version the route names for everybody.
/// </remarks>
internal sealed class ClusterLanes
{
    private readonly Subset? _subset;
    private readonly ImmutableHashSet<string> _narrowed; // the lanes that the subset narrows

    private ClusterLanes(ImmutableArray<ServiceLane> all, Subset? subset, ImmutableHashSet<string> narrowed) =>
        (All, _subset, _narrowed) = (all, subset, narrowed);

    /// <summary>No lanes, and no subset.</summary>
    public static ClusterLanes None { get; } = new([], null, []);

    /// <summary>The lanes that cover the service, by name.</summary>
    public ImmutableArray<ServiceLane> All { get; }

    /// <param name="all">The lanes that cover the service.</param>
    /// <param name="subset">The cluster's subset; null for the whole service.</param>
    /// <param name="endpoints">The endpoints of the service.</param>
    public static ClusterLanes Of(ImmutableArray<ServiceLane> all, Subset? subset, ImmutableArray<ServiceEndpoint> endpoints)
    {
        if (subset is null) return all.IsEmpty ? None : new ClusterLanes(all, null, []);
        var narrowed = all.Where(lane => endpoints.Any(e =>
            e.Workload.Health is WorkloadHealth.Healthy
            && lane.Has(e.Workload)
            && LabelSelector.Matches(subset.Labels, e.Workload.Labels)));
        return new ClusterLanes(all, subset, [.. narrowed.Select(lane => lane.Name)]);
    }

    /// <summary>The same without lanes.</summary>
    public ClusterLanes WithoutAny() => All.IsEmpty ? this : new ClusterLanes([], _subset, []);

    /// <summary>The endpoints of the cluster among those of the service.</summary>
    public ImmutableArray<ServiceEndpoint> MembersOf(ImmutableArray<ServiceEndpoint> endpoints) => _subset is null
        ? endpoints
        : [.. endpoints.Where(e => IsOfSubset(e) || LanesOf(e).Any())];

    /// <summary>Whether an endpoint serves the requests outside of all lanes.</summary>
    public bool IsBase(ServiceEndpoint endpoint) => IsOfSubset(endpoint) && !All.Any(lane => lane.Has(endpoint.Workload));

    /// <summary>The names of the lanes that an endpoint serves.</summary>
    public IEnumerable<string> LanesOf(ServiceEndpoint endpoint) => All
        .Where(lane => lane.Has(endpoint.Workload) && (!_narrowed.Contains(lane.Name) || IsOfSubset(endpoint)))
        .Select(lane => lane.Name);

    private bool IsOfSubset(ServiceEndpoint endpoint) =>
        _subset is null || LabelSelector.Matches(_subset.Labels, endpoint.Workload.Labels);
}
