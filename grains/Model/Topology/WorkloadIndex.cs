using System.Collections.Immutable;
using System.Runtime.InteropServices;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Model.Topology;

/// <summary>
/// The workloads of a mesh by namespace and label. Built once per snapshot; a lookup looks at one bucket.
/// </summary>
internal sealed class WorkloadIndex
{
    private readonly Dictionary<string, List<Workload>> byNamespace = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Namespace, string Key, string Value), List<Workload>> byLabel = [];

    public WorkloadIndex(MeshSnapshot snapshot)
    {
        foreach (var workload in snapshot.Workloads.Values) Add(workload);
        foreach (var (resource, entry) in snapshot.Of<WorkloadEntry>())
        {
            // Who registered under the same name is the living workload; the entry only describes it.
            if (snapshot.Workloads.ContainsKey($"{resource.Key.Namespace}/{resource.Key.Name}")) continue;
            Add(EntryWorkload.From(resource.Key.Namespace, resource.Key.Name, entry, resource.Labels, snapshot));
        }
    }

    /// <summary>The workloads of a namespace that have all of the labels.</summary>
    public IEnumerable<Workload> Select(string ns, ImmutableSortedDictionary<string, string> labels) =>
        Bucket(ns, labels).Where(workload => LabelSelector.Matches(labels, workload.Labels));

    private List<Workload> Bucket(string ns, ImmutableSortedDictionary<string, string> labels)
    {
        var smallest = byNamespace.GetValueOrDefault(ns, []);
        foreach (var (key, value) in labels)
        {
            var bucket = byLabel.GetValueOrDefault((ns, key, value), []);
            if (bucket.Count < smallest.Count) smallest = bucket;
        }

        return smallest;
    }

    private void Add(Workload workload)
    {
        AddTo(byNamespace, workload.Namespace, workload);
        foreach (var (key, value) in workload.Labels) AddTo(byLabel, (workload.Namespace, key, value), workload);
    }

    private static void AddTo<TKey>(Dictionary<TKey, List<Workload>> buckets, TKey key, Workload workload)
        where TKey : notnull
    {
        ref var bucket = ref CollectionsMarshal.GetValueRefOrAddDefault(buckets, key, out _);
        (bucket ??= []).Add(workload);
    }
}
