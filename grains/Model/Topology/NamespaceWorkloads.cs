using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace MeshOrleans.Model.Topology;

/// <summary>The workloads of one namespace by label: those that registered, and those that only an entry describes.</summary>
internal sealed class NamespaceWorkloads
{
    /// <summary>A namespace without any.</summary>
    public static readonly NamespaceWorkloads Empty =
        new(ImmutableSortedDictionary.Create<string, Workload>(StringComparer.Ordinal), []);

    private readonly ImmutableSortedDictionary<string, Workload> registered;
    private readonly ImmutableArray<Workload> described;
    private readonly Lazy<LabelBuckets> byLabel;

    /// <param name="registered">Living members by name.</param>
    /// <param name="described">What WorkloadEntries say, in fixed order.</param>
    public NamespaceWorkloads(
        ImmutableSortedDictionary<string, Workload> registered, ImmutableArray<Workload> described)
    {
        (this.registered, this.described) = (registered, described);
        byLabel = new(() => new LabelBuckets(registered, described)); // a crowd joins faster than anybody looks
    }

    /// <summary>The workload of a name; null when there is none.</summary>
    public Workload? Find(string name) => registered.GetValueOrDefault(name) ?? described.FirstOrDefault(w => w.Name == name);

    /// <summary>The namespace once members have come, changed or gone.</summary>
    /// <param name="changes">By name; null is gone.</param>
    public NamespaceWorkloads With(IEnumerable<KeyValuePair<string, Workload?>> changes)
    {
        var next = registered.ToBuilder();
        foreach (var (name, workload) in changes)
        {
            if (workload is null) next.Remove(name);
            else next[name] = workload;
        }

        return new NamespaceWorkloads(next.ToImmutable(), described);
    }

    /// <summary>Those that have all of the labels; a lookup looks at one bucket.</summary>
    public IEnumerable<Workload> Select(ImmutableSortedDictionary<string, string> labels) =>
        byLabel.Value.Smallest(labels).Where(workload => LabelSelector.Matches(labels, workload.Labels));

    private sealed class LabelBuckets
    {
        private readonly List<Workload> all;
        private readonly Dictionary<(string Key, string Value), List<Workload>> buckets = [];

        public LabelBuckets(
            ImmutableSortedDictionary<string, Workload> registered, ImmutableArray<Workload> described)
        {
            // Who registered under the same name is the living workload; the entry only describes it.
            all = [.. registered.Values, .. described.Where(w => !registered.ContainsKey(w.Name))];
            foreach (var workload in all)
            {
                foreach (var (key, value) in workload.Labels)
                {
                    ref var bucket = ref CollectionsMarshal.GetValueRefOrAddDefault(buckets, (key, value), out _);
                    (bucket ??= []).Add(workload);
                }
            }
        }

        /// <summary>A list that holds all that have the labels, and perhaps others.</summary>
        public List<Workload> Smallest(ImmutableSortedDictionary<string, string> labels)
        {
            var smallest = all;
            foreach (var (key, value) in labels)
            {
                if (!buckets.TryGetValue((key, value), out var bucket)) return [];
                if (bucket.Count < smallest.Count) smallest = bucket;
            }

            return smallest;
        }
    }
}
