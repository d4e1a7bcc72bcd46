using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Issuers;
using MeshOrleans.Model.Routing.GatewayApi;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Analysis;

/// <summary>What is looked at: a configuration and, of a live mesh, its members.</summary>
internal sealed class AnalysisSubject
{
    private readonly MeshSnapshot _snapshot;
    private readonly ILookup<string, ImmutableSortedDictionary<string, string>> _labels;

    public AnalysisSubject(MeshSnapshot snapshot, bool knowsMembers)
    {
        (_snapshot, KnowsMembers) = (snapshot, knowsMembers);
        Registry = ServiceRegistry.From(snapshot);
        Places = AttachmentPlaces.Of(snapshot, Registry);
        RootNamespace = Of<MeshConfig>().Select(m => m.Spec.RootNamespace).FirstOrDefault(ns => ns is { Length: > 0 })
            ?? "istio-system";
        KeySources = KeySource.WantedBy(snapshot);
        _labels = Members(snapshot).ToLookup(m => m.Namespace, m => m.Labels, StringComparer.Ordinal);
    }

    /// <summary>False for files alone: who will be there is not known, so nobody is missed.</summary>
    public bool KnowsMembers { get; }

    public ServiceRegistry Registry { get; }

    public AttachmentPlaces Places { get; }

    /// <summary>The namespace whose policies count for all.</summary>
    public string RootNamespace { get; }

    /// <summary>Where the keys of issuers are fetched from.</summary>
    public ImmutableArray<KeySource> KeySources { get; }

    /// <summary>How fetching them stands, by address.</summary>
    public ImmutableSortedDictionary<string, IssuerRecord> Issuers => _snapshot.Issuers;

    /// <summary>All of a kind, the oldest first.</summary>
    public IReadOnlyList<(ConfigResource Resource, TSpec Spec)> Of<TSpec>()
        where TSpec : ConfigSpec =>
        [.. _snapshot.Of<TSpec>().OrderBy(r => r.Resource, ConfigResource.ByAge)];

    /// <summary>A resource; null when there is none.</summary>
    public ConfigResource? Find(ConfigKey key) => _snapshot.Config.GetValueOrDefault(key);

    /// <summary>Labels of the members of a namespace, present or declared.</summary>
    public IEnumerable<ImmutableSortedDictionary<string, string>> LabelsIn(string ns) => _labels[ns];

    /// <summary>Fetched keys by their address.</summary>
    public ImmutableSortedDictionary<string, string> KeySets => _snapshot.KeySets;

    /// <summary>All members, present or declared.</summary>
    public IEnumerable<(string Namespace, ImmutableSortedDictionary<string, string> Labels)> AllMembers =>
        _labels.SelectMany(g => g.Select(labels => (g.Key, labels)));

    /// <summary>Labels of all members, present or declared.</summary>
    public IEnumerable<ImmutableSortedDictionary<string, string>> AllLabels => _labels.SelectMany(g => g);

    private static IEnumerable<(string Namespace, ImmutableSortedDictionary<string, string> Labels)> Members(
        MeshSnapshot snapshot) =>
        snapshot.Workloads.Values.Select(w => (w.Namespace, w.Labels))
            .Concat(snapshot.Of<WorkloadEntry>().Select(e => (e.Resource.Key.Namespace, e.Spec.Labels)))
            .Concat(snapshot.Of<KubernetesDeployment>().Select(d => (d.Resource.Key.Namespace, d.Spec.TemplateLabels)))
            .Concat(snapshot.Of<WorkloadGroup>().Select(g => (g.Resource.Key.Namespace, g.Spec.Labels)));
}
