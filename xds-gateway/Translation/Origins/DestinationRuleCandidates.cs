using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Origins;

/// <summary>Why a DestinationRule counts for a service, or does not. Which do, the lookup alone says.</summary>
internal static class DestinationRuleCandidates
{
    /// <summary>All that name the service's host, in the order in which namespaces are searched, then by age.</summary>
    public static ImmutableArray<Candidate> Of(ProxyView view, Service service)
    {
        var inForce = DestinationRuleLookup.InForce(view.Mesh, view.Scope, service);
        var searched = DestinationRuleLookup.NamespacesOf(view.Mesh, view.Scope, service).ToList();
        return
        [
            .. view.Mesh.DestinationRules.SelectMany(rules => rules)
                .Where(rule => HostName.Matches(DestinationRuleLookup.HostOf(rule), service.Host))
                .OrderBy(rule => searched.IndexOf(rule.Namespace) is >= 0 and var place ? place : int.MaxValue)
                .ThenBy(rule => rule.Resource, ConfigResource.ByAge)
                .Select(rule => Judge(view, service, rule, inForce, searched)),
        ];
    }

    private static Candidate Judge(
        ProxyView view,
        Service service,
        Sourced<DestinationRule> rule,
        ImmutableArray<Sourced<DestinationRule>> inForce,
        List<string> searched)
    {
        var place = inForce.IndexOf(inForce.FirstOrDefault(r => r.Resource.Key == rule.Resource.Key)!);
        if (place == 0) return new(rule.Resource.Key, true, $"is in force for {DestinationRuleLookup.HostOf(rule)}");
        if (place > 0)
        {
            var older = NameOf(inForce[0]);
            return new(rule.Resource.Key, true, $"is merged into {older}, which is older: it adds what that lacks");
        }

        return new(rule.Resource.Key, false, ReasonOf(view, service, rule, inForce, searched));
    }

    private static string ReasonOf(
        ProxyView view,
        Service service,
        Sourced<DestinationRule> rule,
        ImmutableArray<Sourced<DestinationRule>> inForce,
        List<string> searched)
    {
        if (!searched.Contains(rule.Namespace))
        {
            return $"its namespace is not searched; those are, in this order: {string.Join(", ", searched)}";
        }

        if (DestinationRuleLookup.ExclusionOf(rule, view.Scope, service) is { } exclusion) return exclusion;
        var winner = NameOf(inForce[0]);
        if (rule.Namespace != inForce[0].Namespace) return $"{winner} counts first: its namespace is searched before";
        return rule.Spec.WorkloadSelector is null && inForce[0].Spec.WorkloadSelector is not null
            ? $"{winner} counts first: it selects the client's workload"
            : $"{winner} counts first: its host {DestinationRuleLookup.HostOf(inForce[0])} is nearer";
    }

    private static string NameOf(Sourced<DestinationRule> rule) => $"{rule.Namespace}/{rule.Name}";
}
