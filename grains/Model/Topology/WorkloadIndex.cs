using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Model.Topology;

/// <summary>The workloads of a mesh by namespace and label.</summary>
internal sealed class WorkloadIndex
{
    private readonly Dictionary<string, NamespaceWorkloads> namespaces;

    private WorkloadIndex(Dictionary<string, NamespaceWorkloads> namespaces) => this.namespaces = namespaces;

    /// <summary>Looks at everything.</summary>
    public static WorkloadIndex Of(MeshSnapshot snapshot)
    {
        var described = snapshot.Of<WorkloadEntry>()
            .Select(e => EntryWorkload.From(
                e.Resource.Key.Namespace, e.Resource.Key.Name, e.Spec, e.Resource.Labels, snapshot))
            .ToLookup(w => w.Namespace, StringComparer.Ordinal);
        var registered = snapshot.Workloads.ToLookup(w => Split(w.Key).Namespace, StringComparer.Ordinal);
        return new WorkloadIndex(described.Select(g => g.Key).Union(registered.Select(g => g.Key)).ToDictionary(
            ns => ns,
            ns => new NamespaceWorkloads(
                registered[ns].ToImmutableSortedDictionary(w => Split(w.Key).Name, w => w.Value, StringComparer.Ordinal),
                [.. described[ns]]),
            StringComparer.Ordinal));
    }

    /// <summary>The index once members have changed; their namespaces are looked at, and no others.</summary>
    /// <param name="snapshot">What the mesh knows now; its WorkloadEntries are those of before.</param>
    /// <param name="changed">Members that came, changed or went, as <c>namespace/name</c>.</param>
    public WorkloadIndex After(MeshSnapshot snapshot, IEnumerable<string> changed)
    {
        var next = new Dictionary<string, NamespaceWorkloads>(namespaces, StringComparer.Ordinal);
        foreach (var group in changed.GroupBy(key => Split(key).Namespace))
        {
            next[group.Key] = next.GetValueOrDefault(group.Key, NamespaceWorkloads.Empty).With(
                group.Select(key => KeyValuePair.Create(Split(key).Name, snapshot.Workloads.GetValueOrDefault(key))));
        }

        return new WorkloadIndex(next);
    }

    /// <summary>The workload of a <c>namespace/name</c>; null when there is none.</summary>
    public Workload? Find(string key)
    {
        var (ns, name) = Split(key);
        return namespaces.GetValueOrDefault(ns)?.Find(name);
    }

    /// <summary>The workloads of a namespace that have all of the labels.</summary>
    public IEnumerable<Workload> Select(string ns, ImmutableSortedDictionary<string, string> labels) =>
        namespaces.GetValueOrDefault(ns)?.Select(labels) ?? [];

    private static (string Namespace, string Name) Split(string key)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        return (key[..slash], key[(slash + 1)..]);
    }
}
