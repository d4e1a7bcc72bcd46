using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of labels and of what selects workloads.</summary>
internal static class SelectorRules
{
    private const int MaxTargets = 16;

    public static void CheckLabels(ImmutableSortedDictionary<string, string> labels, FieldPath path, RuleReport report)
    {
        foreach (var (key, value) in labels)
        {
            if (!ResourceName.IsLabelKey(key)) report.Error(path, $"invalid tag key: \"{key}\"");
            if (!ResourceName.IsLabelValue(value)) report.Error(path.At(key), $"invalid tag value: \"{value}\"");
        }
    }

    public static void CheckSelector(WorkloadSelector? selector, FieldPath path, string field, RuleReport report)
    {
        foreach (var (key, value) in selector?.MatchLabels ?? EmptyMap.Text)
        {
            var at = path.At(field).At(key);
            if (key.Length == 0) report.Error(at, $"empty key is not supported in selector: \"{key}={value}\"");
            if (key.Contains('*') || value.Contains('*'))
            {
                report.Error(at, $"wildcard is not supported in selector: \"{key}={value}\"");
            }
        }
    }

    /// <summary>What a policy is attached to must be what it can be enforced at.</summary>
    public static void CheckReach(
        ImmutableArray<PolicyTarget> targets, FieldPath spec, string consequence, RuleReport report)
    {
        foreach (var (i, target) in targets.Index())
        {
            if (PolicyReach.CanReach(target)) continue;
            report.Unsupported(
                spec.At("targetRefs").At(i),
                $"a target of kind {target.Kind} (group \"{target.Group}\"{WhoseOf(target)})",
                $"name a Gateway of group {Config.GatewayApi.ParentReference.GatewayGroup}, or use selector: {consequence}");
        }
    }

    /// <summary>The same of what does no harm where nobody enforces it.</summary>
    public static void TellReach(ImmutableArray<PolicyTarget> targets, FieldPath spec, RuleReport report)
    {
        foreach (var (i, target) in targets.Index())
        {
            if (PolicyReach.CanReach(target)) continue;
            report.NotActedOn(
                spec.At("targetRefs").At(i),
                $"a target of kind {target.Kind} (group \"{target.Group}\"{WhoseOf(target)})");
        }
    }

    // Source: Istio, PolicyTargetReference and PolicyMatcher.
    private static string WhoseOf(PolicyTarget target) => target.Kind is "Service" or "ServiceEntry" or "GatewayClass"
        ? ", for waypoints, which there are none of here"
        : "";

    /// <summary>The selector and targets of a security or telemetry policy.</summary>
    public static void CheckPolicy(
        WorkloadSelector? selector,
        ImmutableArray<PolicyTarget> targets,
        string ns,
        FieldPath spec,
        RuleReport report)
    {
        CheckSelector(selector, spec.At("selector"), "matchLabels", report);
        var path = spec.At("targetRefs");
        if (selector is not null && !targets.IsEmpty)
        {
            report.Error(path, "only one of targetRefs or workloadSelector can be set");
        }

        report.ErrorIf(targets.Length > MaxTargets, path, $"at most {MaxTargets} targetRefs can be set");
        foreach (var (i, target) in targets.Index())
        {
            var at = path.At(i);
            report.ErrorIf(target.Kind.Length == 0, at.At("kind"), "targetRef kind must be set");
            report.ErrorIf(target.Name.Length == 0, at.At("name"), "targetRef name must be set");
            if (target.Namespace.Length > 0 && target.Namespace != ns)
            {
                report.Error(at.At("namespace"), "cross namespace referencing is not supported");
            }
        }
    }
}
