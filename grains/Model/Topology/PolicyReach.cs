using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Topology;

/// <summary>
/// Whom a policy of access or tokens is for, among the workloads of its namespace, or of all where it is the root's.
/// </summary>
/// <remarks>
/// By labels, or attached to Gateways of the Gateway API: then it is for the proxies of its own namespace that bear the
/// name of one of them, and for nobody else. Source: Istio, PolicyTargetReference.
/// </remarks>
public static class PolicyReach
{
    /// <summary>Whether a policy can be attached to what a target names.</summary>
    public static bool CanReach(PolicyTarget target) =>
        target is { Group: ParentReference.GatewayGroup, Kind: "Gateway" };

    /// <summary>Why a policy is not for a workload, as half a sentence; null when it is.</summary>
    /// <param name="selector">The labels that it asks for; null for all.</param>
    /// <param name="targets">What it is attached to; none where it goes by labels.</param>
    /// <param name="policyNamespace">Its namespace.</param>
    /// <param name="workloadNamespace">The workload's namespace.</param>
    /// <param name="labels">The workload's labels.</param>
    public static string? ExclusionOf(
        WorkloadSelector? selector,
        ImmutableArray<PolicyTarget> targets,
        string policyNamespace,
        string workloadNamespace,
        ImmutableSortedDictionary<string, string> labels)
    {
        if (!targets.IsDefaultOrEmpty)
        {
            var gateway = labels.GetValueOrDefault(KubernetesGateway.NameLabel);
            return policyNamespace == workloadNamespace && targets.Any(t => CanReach(t) && t.Name == gateway)
                ? null
                : $"is attached to {string.Join(", ", targets.Select(t => $"{t.Kind} {policyNamespace}/{t.Name}"))}";
        }

        return selector is null || LabelSelector.Matches(selector.MatchLabels, labels)
            ? null
            : $"selects {string.Join(", ", selector.MatchLabels.Select(l => $"{l.Key}={l.Value}"))}";
    }
}
