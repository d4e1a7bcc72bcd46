using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Model.Topology;

/// <summary>A lane as it covers one service.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Spec">What counts for the service.</param>
public sealed record ServiceLane(string Name, Lane Spec)
{
    /// <summary>Whether a workload is of the lane.</summary>
    public bool Has(Workload workload) => LabelSelector.Matches(Spec.Labels, workload.Labels);
}

/// <summary>Which lanes cover a service: the rule that the translation goes by and the analysis tells of.</summary>
/// <remarks>
/// Lanes of the service's namespace, and of the root namespace. Of two of one name, which are one lane to the requests, the
/// service's own namespace's counts.
/// </remarks>
public sealed class LaneDirectory
{
    private readonly string _rootNamespace;
    private readonly ILookup<string, Entry> _byNamespace;

    /// <param name="lanes">All lanes.</param>
    /// <param name="rootNamespace">The namespace whose lanes may cover any service.</param>
    public LaneDirectory(IEnumerable<(ConfigKey Key, Lane Spec)> lanes, string rootNamespace)
    {
        _rootNamespace = rootNamespace;
        _byNamespace = lanes
            .Where(lane => !lane.Spec.Labels.IsEmpty) // what was stored before that was asked for would take everybody
            .OrderBy(lane => lane.Key.Name, StringComparer.Ordinal)
            .ToLookup(
                lane => lane.Key.Namespace,
                lane => new Entry(
                    new ServiceLane(lane.Key.Name, lane.Spec),
                    [.. lane.Spec.Hosts.Select(host => HostName.Resolve(host, lane.Key.Namespace))]),
                StringComparer.Ordinal);
    }

    /// <summary>The lanes of a mesh.</summary>
    public static LaneDirectory Of(MeshSnapshot snapshot) => new(
        snapshot.Of<Lane>().Select(lane => (lane.Resource.Key, lane.Spec)),
        snapshot.Settings.RootNamespace ?? MeshConfig.Key.Namespace);

    /// <summary>Whether there are no lanes at all.</summary>
    public bool IsEmpty => _byNamespace.Count == 0;

    /// <summary>The lanes that cover a service, by name.</summary>
    public ImmutableArray<ServiceLane> Of(Service service)
    {
        if (IsEmpty) return [];
        return
        [
            .. new[] { service.Namespace, _rootNamespace }.Distinct(StringComparer.Ordinal)
                .SelectMany(ns => _byNamespace[ns])
                .Where(entry => entry.Hosts.IsEmpty || entry.Hosts.Contains(service.Host))
                .Select(entry => entry.Lane)
                .DistinctBy(lane => lane.Name)
                .OrderBy(lane => lane.Name, StringComparer.Ordinal),
        ];
    }

    private sealed record Entry(ServiceLane Lane, ImmutableArray<string> Hosts);
}
