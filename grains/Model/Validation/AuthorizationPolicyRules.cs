using System.Collections.Immutable;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of AuthorizationPolicy. What must be there at all is checked where it is read.</summary>
internal static class AuthorizationPolicyRules
{
    private const int MaxServiceAccounts = 16;

    public static void Check(AuthorizationPolicy policy, string ns, FieldPath spec, RuleReport report)
    {
        SelectorRules.CheckPolicy(policy.Selector, policy.TargetRefs, ns, spec, report);
        CheckProvider(policy, spec, report);
        if (policy.Rules.IsEmpty && policy.Action == AuthorizationAction.Allow)
        {
            report.Warn(spec, "an ALLOW policy without rules matches nothing: it will deny all traffic");
        }

        if (policy.Rules.IsEmpty && policy.Action == AuthorizationAction.Deny)
        {
            report.Warn(spec, "a DENY policy without rules is meaningless and has no effect");
        }

        foreach (var (i, rule) in policy.Rules.Index())
        {
            var path = spec.At("rules").At(i);
            CheckRule(rule, path, report);
            if (policy.Action == AuthorizationAction.Custom) CheckCustom(rule, path, report);
        }
    }

    public static void CheckRule(AuthorizationRule rule, FieldPath path, RuleReport report)
    {
        foreach (var (f, source) in rule.From.Index())
        {
            CheckSource(source, path.At("from").At(f).At("source"), report);
        }

        foreach (var (t, operation) in rule.To.Index())
        {
            CheckOperation(operation, path.At("to").At(t).At("operation"), report);
        }

        foreach (var (w, condition) in rule.When.Index())
        {
            AuthorizationConditionRules.Check(condition, path.At("when").At(w), report);
        }
    }

    private static void CheckProvider(AuthorizationPolicy policy, FieldPath spec, RuleReport report)
    {
        var path = spec.At("provider");
        if (policy.Action != AuthorizationAction.Custom)
        {
            report.ErrorIf(policy.Provider is not null, path, "`provider` must not be with non CUSTOM action");
        }
        else if (string.IsNullOrEmpty(policy.Provider)) report.Error(path, "`provider.name` must not be empty");
    }

    private static void CheckSource(AuthorizationSource source, FieldPath path, RuleReport report)
    {
        (string Name, ImmutableArray<string> Values)[] lists =
        [
            ("principals", source.Principals), ("notPrincipals", source.NotPrincipals),
            ("requestPrincipals", source.RequestPrincipals), ("notRequestPrincipals", source.NotRequestPrincipals),
            ("namespaces", source.Namespaces), ("notNamespaces", source.NotNamespaces),
            ("ipBlocks", source.IpBlocks), ("notIpBlocks", source.NotIpBlocks),
            ("remoteIpBlocks", source.RemoteIpBlocks), ("notRemoteIpBlocks", source.NotRemoteIpBlocks),
            ("serviceAccounts", source.ServiceAccounts), ("notServiceAccounts", source.NotServiceAccounts),
            ("trustDomains", source.TrustDomains), ("notTrustDomains", source.NotTrustDomains),
        ];
        if (lists.All(list => list.Values.IsEmpty)) report.Error(path, "`from.source` must not be empty");
        foreach (var (name, values) in lists)
        {
            CheckTexts(values, path.At(name), report);
            if (name.EndsWith("pBlocks", StringComparison.Ordinal)) CheckBlocks(values, path.At(name), report);
            if (name.EndsWith("erviceAccounts", StringComparison.Ordinal)) CheckAccounts(values, path.At(name), report);
        }

        if (!source.ServiceAccounts.IsEmpty && !(source.Principals.IsEmpty && source.Namespaces.IsEmpty))
        {
            report.Error(
                path.At("serviceAccounts"),
                "`serviceAccounts` cannot be set with `principals` or `namespaces`");
        }
    }

    private static void CheckOperation(AuthorizationOperation operation, FieldPath path, RuleReport report)
    {
        (string Name, ImmutableArray<string> Values)[] lists =
        [
            ("hosts", operation.Hosts), ("notHosts", operation.NotHosts), ("ports", operation.Ports),
            ("notPorts", operation.NotPorts), ("methods", operation.Methods), ("notMethods", operation.NotMethods),
            ("paths", operation.Paths), ("notPaths", operation.NotPaths),
        ];
        if (lists.All(list => list.Values.IsEmpty)) report.Error(path, "`to.operation` must not be empty");
        foreach (var (name, values) in lists)
        {
            CheckTexts(values, path.At(name), report);
            foreach (var (i, value) in values.Index())
            {
                var at = path.At(name).At(i);
                if (name is "ports" or "notPorts") AuthorizationConditionRules.CheckPort(value, at, report);
                if (name is "paths" or "notPaths") PathTemplateRules.Check(value, at, report);
            }
        }
    }

    private static void CheckTexts(ImmutableArray<string> values, FieldPath path, RuleReport report)
    {
        foreach (var (i, value) in values.Index())
        {
            report.ErrorIf(value.Length == 0, path.At(i), "must not be an empty string value");
        }
    }

    private static void CheckBlocks(ImmutableArray<string> values, FieldPath path, RuleReport report)
    {
        foreach (var (i, value) in values.Index())
        {
            if (value.Length > 0 && !ValueRules.IsAddressOrBlock(value))
            {
                report.Error(path.At(i), $"invalid IP/CIDR: \"{value}\"");
            }
        }
    }

    private static void CheckAccounts(ImmutableArray<string> values, FieldPath path, RuleReport report)
    {
        report.ErrorIf(
            values.Length > MaxServiceAccounts,
            path,
            $"at most {MaxServiceAccounts} service accounts can be set");
        foreach (var (i, value) in values.Index())
        {
            if (value.Contains('*'))
            {
                report.Error(path.At(i), $"wildcard is not supported in service account \"{value}\"");
            }
            else if (value.Split('/').Length > 2)
            {
                report.Error(path.At(i), $"service account \"{value}\" must be of form [namespace/]name");
            }
        }
    }

    /// <summary>An external authorizer is asked before the identities are known to the proxy's own filters.</summary>
    private static void CheckCustom(AuthorizationRule rule, FieldPath path, RuleReport report)
    {
        foreach (var (f, source) in rule.From.Index())
        {
            foreach (var (name, values) in new[]
            {
                ("principals", source.Principals), ("notPrincipals", source.NotPrincipals),
                ("requestPrincipals", source.RequestPrincipals), ("notRequestPrincipals", source.NotRequestPrincipals),
                ("namespaces", source.Namespaces), ("notNamespaces", source.NotNamespaces),
            })
            {
                var at = path.At("from").At(f).At("source").At(name);
                report.ErrorIf(!values.IsEmpty, at, $"`{name}` is currently not supported with CUSTOM action");
            }
        }

        foreach (var (w, condition) in rule.When.Index())
        {
            var isIdentity = condition.Key is "source.principal" or "source.namespace"
                || condition.Key.StartsWith("request.auth.", StringComparison.Ordinal);
            report.ErrorIf(
                isIdentity, path.At("when").At(w).At("key"), $"`{condition.Key}` is currently not supported with CUSTOM action");
        }
    }
}
