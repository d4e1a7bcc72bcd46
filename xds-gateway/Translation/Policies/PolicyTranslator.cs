using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Rbac;

namespace MeshOrleans.Xds.Translation.Policies;

/// <summary>Makes one rule of an AuthorizationPolicy: any source, any operation, all conditions.</summary>
/// <remarks>
/// On connections that are not HTTP nothing can be asked of a request. An ALLOW rule that does is dropped, which allows
/// less; any other rule loses those fields only, which refuses more.
/// </remarks>
internal static class PolicyTranslator
{
    /// <summary>Null when the rule cannot match here.</summary>
    public static Policy? Translate(AuthorizationRule rule, RuleContext context)
    {
        var conditions = new ConditionTranslator(context);
        foreach (var condition in rule.When) conditions.Add(condition);
        var sources = rule.From.IsEmpty ? [new AuthorizationSource()] : rule.From;
        var operations = rule.To.IsEmpty ? [new AuthorizationOperation()] : rule.To;
        if (context is { IsTcp: true, IsAllow: true } && (conditions.AsksRequest || AskRequest(sources, operations)))
        {
            return null;
        }

        var policy = new Policy();
        foreach (var source in sources)
        {
            var principals = PrincipalTranslator.Translate(source, context);
            policy.Principals.Add(Rbac.All([.. principals, .. conditions.Principals]));
        }

        foreach (var operation in operations)
        {
            var permissions = PermissionTranslator.Translate(operation, context);
            policy.Permissions.Add(Rbac.All([.. permissions, .. conditions.Permissions]));
        }

        return policy;
    }

    private static bool AskRequest(
        IEnumerable<AuthorizationSource> sources, IEnumerable<AuthorizationOperation> operations) =>
        sources.Any(PrincipalTranslator.AsksRequest) || operations.Any(PermissionTranslator.AsksRequest);
}
