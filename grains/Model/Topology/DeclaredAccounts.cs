using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Model.Topology;

/// <summary>
/// The service accounts that may run a service by what configuration says, whoever is a member now: clients can know
/// them before the first member comes and after the last has gone.
/// </summary>
/// <remarks>
/// Said by an annotation of the Service (Istio's), and by WorkloadGroups and Deployments of its namespace whose
/// workloads it selects. A template that names no account says nothing.
/// </remarks>
internal sealed class DeclaredAccounts
{
    /// <summary>Istio's annotation by which a Service names its accounts: a list with commas.</summary>
    private const string Annotation = "alpha.istio.io/kubernetes-serviceaccounts";

    private readonly ILookup<string, Template> templates;

    private DeclaredAccounts(IEnumerable<Template> all) =>
        templates = all.Where(t => t.Account.Length > 0).ToLookup(t => t.Namespace, StringComparer.Ordinal);

    public static DeclaredAccounts From(MeshSnapshot snapshot) => new(
    [
        .. snapshot.Of<WorkloadGroup>().Select(g => new Template(
            g.Resource.Key.Namespace,
            g.Spec.Labels.SetItems(g.Spec.Template?.Labels ?? EmptyMap.Text),
            g.Spec.Template?.ServiceAccount ?? "")),
        .. snapshot.Of<KubernetesDeployment>().Select(d => new Template(
            d.Resource.Key.Namespace, d.Spec.TemplateLabels, d.Spec.ServiceAccountName)),
    ]);

    /// <summary>The accounts of a service, each once, in fixed order.</summary>
    /// <param name="resource">What the service is written in.</param>
    /// <param name="selector">Labels of its workloads; null when it selects none.</param>
    public ImmutableArray<string> Of(ConfigResource resource, ImmutableSortedDictionary<string, string>? selector)
    {
        IEnumerable<string> named = resource.Annotations.TryGetValue(Annotation, out var list)
            ? list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            : [];
        var selected = selector is null
            ? []
            : templates[resource.Key.Namespace]
                .Where(t => LabelSelector.Matches(selector, t.Labels))
                .Select(t => t.Account);
        return [.. named.Concat(selected).ToImmutableSortedSet(StringComparer.Ordinal)];
    }

    private sealed record Template(string Namespace, ImmutableSortedDictionary<string, string> Labels, string Account);
}
