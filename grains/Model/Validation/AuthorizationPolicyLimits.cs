using System.Collections.Immutable;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>
/// What of an AuthorizationPolicy this version's sidecars cannot do. Whatever would let somebody in that the author
/// meant to keep out is refused.
/// </summary>
internal static class AuthorizationPolicyLimits
{
    /// <summary>Names become expressions, escaped, and a sidecar takes expressions of 4096 characters.</summary>
    private const int MaxName = 1024;

    public static void Check(AuthorizationPolicy policy, FieldPath spec, RuleReport report)
    {
        SelectorRules.CheckReach(policy.TargetRefs, spec, "nothing would enforce the policy", report);

        foreach (var (i, rule) in policy.Rules.Index()) CheckRule(rule, policy.Action, spec.At("rules").At(i), report);
    }

    public static void CheckRule(AuthorizationRule rule, AuthorizationAction action, FieldPath path, RuleReport report)
    {
        foreach (var (i, source) in rule.From.Index())
        {
            CheckSource(source, path.At("from").At(i).At("source"), report);
        }

        foreach (var (i, operation) in rule.To.Index())
        {
            var at = path.At("to").At(i).At("operation");
            CheckPaths(operation.Paths, at.At("paths"), report);
            CheckPaths(operation.NotPaths, at.At("notPaths"), report);
        }

        foreach (var (i, condition) in rule.When.Index())
        {
            CheckCondition(condition, action, path.At("when").At(i), report);
        }
    }

    private static void CheckSource(AuthorizationSource source, FieldPath path, RuleReport report)
    {
        foreach (var (name, values) in new[]
        {
            ("namespaces", source.Namespaces), ("notNamespaces", source.NotNamespaces),
            ("serviceAccounts", source.ServiceAccounts), ("notServiceAccounts", source.NotServiceAccounts),
            ("trustDomains", source.TrustDomains), ("notTrustDomains", source.NotTrustDomains),
        })
        {
            CheckNames(values, path.At(name), report);
        }
    }

    private static void CheckCondition(
        AuthorizationCondition condition, AuthorizationAction action, FieldPath path, RuleReport report)
    {
        var key = condition.Key;
        if (key.StartsWith("experimental.envoy.", StringComparison.Ordinal))
        {
            CheckUnknown(action, !condition.NotValues.IsEmpty, path.At("key"), key, report);
        }
        else if (key is "source.namespace" or "source.serviceAccount" or "source.trustDomain")
        {
            CheckNames(condition.Values, path.At("values"), report);
            CheckNames(condition.NotValues, path.At("notValues"), report);
        }
    }

    /// <summary>
    /// Something that no sidecar knows of a request. Nobody matches it, which is safe where a match lets in; where a
    /// match keeps out, and where only the others are let in, it is not.
    /// </summary>
    private static void CheckUnknown(
        AuthorizationAction action, bool isNegated, FieldPath path, string what, RuleReport report)
    {
        if (action is AuthorizationAction.Deny || (action is AuthorizationAction.Allow && isNegated))
        {
            report.Unsupported(path, what, "leave the rule out: filter metadata are not looked at");
        }
        else if (action is not AuthorizationAction.Custom)
        {
            report.NotActedOn(path, $"{what} (nobody matches it)");
        }
    }

    private static void CheckNames(ImmutableArray<string> names, FieldPath path, RuleReport report)
    {
        foreach (var (i, name) in names.Index())
        {
            if (name.Length <= MaxName) continue;
            report.Unsupported(path.At(i), $"a name of more than {MaxName} characters", "shorten it");
        }
    }

    private static void CheckPaths(ImmutableArray<string> paths, FieldPath path, RuleReport report)
    {
        foreach (var (i, text) in paths.Index())
        {
            if (text.StartsWith('/') || !text.Contains("{*", StringComparison.Ordinal)) continue;
            report.Unsupported(path.At(i), $"the path template \"{text}\"", "begin it with a slash");
        }
    }
}
