using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Index;

/// <summary>Finds the DestinationRule that counts for a client and a service.</summary>
/// <remarks>
/// The client's namespace is searched first, then the service's, then the root namespace; the first that has a rule
/// decides. Within a namespace the most specific host counts; a rule that selects the client's workload counts before
/// one for all. Several rules for the same host are merged: every subset once, and the oldest policy.
/// </remarks>
internal static class DestinationRuleLookup
{
    /// <summary>
    /// Annotation by which a rule's outlier detection may always eject one endpoint, as before envoy#27909.
    /// </summary>
    public const string AlwaysEjectOneHost = "mesh.orleans.io/always-eject-one-host";

    public static EffectiveRule Find(MeshIndex mesh, ProxyScope client, Service service) =>
        InForce(mesh, client, service) is { IsEmpty: false } rules ? Merge(rules) : EffectiveRule.None;

    /// <summary>The namespaces that are searched, in that order.</summary>
    public static IEnumerable<string> NamespacesOf(MeshIndex mesh, ProxyScope client, Service service) =>
        new[] { client.Namespace, service.Namespace, mesh.Settings.RootNamespace }.Distinct();

    /// <summary>The rules that are merged into the one that counts, oldest first; none when there is none.</summary>
    public static ImmutableArray<Sourced<DestinationRule>> InForce(MeshIndex mesh, ProxyScope client, Service service)
    {
        foreach (var ns in NamespacesOf(mesh, client, service))
        {
            ImmutableArray<Sourced<DestinationRule>> candidates =
                [.. mesh.DestinationRules[ns].Where(rule => ExclusionOf(rule, client, service) is null)];
            if (!candidates.IsEmpty) return [.. MostSpecific(candidates)];
        }

        return [];
    }

    /// <summary>Why a rule is no candidate even in a namespace that is searched; null when it is one.</summary>
    public static string? ExclusionOf(Sourced<DestinationRule> rule, ProxyScope client, Service service)
    {
        if (!HostName.Matches(HostOf(rule), service.Host)) return $"is for host {HostOf(rule)}";
        if (!Visibility.Allows(rule.Spec.ExportTo, rule.Namespace, client.Namespace))
        {
            return $"is not exported to namespace {client.Namespace}";
        }

        return Selects(rule, client) ? null : "its workloadSelector does not select the client";
    }

    /// <summary>Rules with a selector are for workloads of their own namespace only.</summary>
    private static bool Selects(Sourced<DestinationRule> rule, ProxyScope client) =>
        rule.Spec.WorkloadSelector is not { } selector
        || (rule.Namespace == client.Namespace && LabelSelector.Matches(selector.MatchLabels, client.Labels));

    private static IEnumerable<Sourced<DestinationRule>> MostSpecific(
        ImmutableArray<Sourced<DestinationRule>> candidates)
    {
        var selected = candidates.RemoveAll(rule => rule.Spec.WorkloadSelector is null);
        var group = selected.IsEmpty ? candidates : selected;
        var best = group.Select(HostOf)
            .OrderBy(host => host.StartsWith('*'))
            .ThenByDescending(host => host.Length)
            .First();
        return group.Where(rule => HostOf(rule) == best);
    }

    private static EffectiveRule Merge(ImmutableArray<Sourced<DestinationRule>> rules) => new(
        rules.Select(rule => rule.Spec.TrafficPolicy).FirstOrDefault(policy => policy is not null),
        [.. rules.SelectMany(rule => rule.Spec.Subsets).DistinctBy(subset => subset.Name)],
        rules.Any(rule => rule.Resource.Annotations.GetValueOrDefault(AlwaysEjectOneHost) == "true"));

    /// <summary>The full host name that a rule is for, perhaps a wildcard.</summary>
    public static string HostOf(Sourced<DestinationRule> rule) => HostName.Resolve(rule.Spec.Host, rule.Namespace);
}
