using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Rbac;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Scopes;
using HttpRbac = MeshOrleans.Xds.Protocol.HttpRbac;
using NetworkRbac = MeshOrleans.Xds.Protocol.NetworkRbac;

namespace MeshOrleans.Xds.Translation.Policies;

/// <summary>
/// Makes the access control of a workload, one filter per action: unknown authorizers, audit, DENY, ALLOW.
/// </summary>
/// <remarks>
/// All policies that select the workload are united: those of its namespace and those of the root namespace. An ALLOW
/// filter refuses what none of its rules matches, so a policy without rules refuses everything. A policy on trial
/// (<c>istio.io/dry-run</c>) goes to the shadow rules of its action. What a CUSTOM policy matches is refused here where
/// nobody can be asked; where somebody can, <see cref="AuthorizerTranslator"/> has it asked. On ports that are not HTTP an
/// HTTP authorizer is not asked, as in Istio, and such a policy says nothing; one that speaks gRPC could be by Istio, and
/// is not here, so what it would be asked about is refused.
/// </remarks>
internal static class RbacTranslator
{
    private const string DryRun = "istio.io/dry-run";

    /// <summary>The filters for ports that speak HTTP.</summary>
    public static IEnumerable<HttpFilter> HttpFilters(ProxyView view) =>
        from pair in Filters(view, isTcp: false)
        select HttpConnection.Filter(FilterNames.Rbac, new HttpRbac.RBAC
        {
            Rules = pair.Enforced,
            ShadowRules = pair.Shadow,
            ShadowRulesStatPrefix = pair.Shadow is null ? "" : ShadowPrefix(pair.Shadow.Action),
        });

    /// <summary>The filters for all other ports.</summary>
    public static IEnumerable<Filter> NetworkFilters(ProxyView view, InboundPort port) =>
        from pair in Filters(view, isTcp: true)
        select new Filter
        {
            Name = FilterNames.NetworkRbac,
            TypedConfig = Any.Pack(new NetworkRbac.RBAC
            {
                Rules = pair.Enforced,
                ShadowRules = pair.Shadow,
                ShadowRulesStatPrefix = pair.Shadow is null ? "" : ShadowPrefix(pair.Shadow.Action),
                StatPrefix = $"inbound_0.0.0.0_{port.Number}",
            }),
        };

    private static IEnumerable<(RBAC? Enforced, RBAC? Shadow)> Filters(ProxyView view, bool isTcp)
    {
        var policies = Selected(view).ToList();
        var isAsked = view.Authorizer.Served.Length > 0
            || (view.Authorizer.Provider is { } provider && (!isTcp || provider.Http is not null));
        foreach (var action in new[]
        {
            AuthorizationAction.Custom, AuthorizationAction.Audit, AuthorizationAction.Deny, AuthorizationAction.Allow,
        })
        {
            if (action is AuthorizationAction.Custom && isAsked) continue;
            var same = policies.Where(p => p.Spec.Action == action).ToLookup(IsOnTrial);
            var enforced = Rules(view, action, same[false], isTcp);
            var shadow = Rules(view, action, same[true], isTcp);
            if (enforced is not null || shadow is not null) yield return (enforced, shadow);
        }
    }

    /// <summary>The policies that might concern a workload: those of its namespace and of the root namespace.</summary>
    public static IEnumerable<Sourced<AuthorizationPolicy>> Considered(MeshIndex mesh, ProxyScope scope) =>
        new[] { mesh.Settings.RootNamespace, scope.Namespace }.Distinct()
            .SelectMany(ns => mesh.AuthorizationPolicies[ns])
            .OrderBy(p => p.Resource.Key);

    /// <summary>Why a policy of those does not concern the workload; null when it does.</summary>
    public static string? ExclusionOf(ProxyScope scope, Sourced<AuthorizationPolicy> policy) => PolicyReach.ExclusionOf(
        policy.Spec.Selector, policy.Spec.TargetRefs, policy.Namespace, scope.Namespace, scope.Labels);

    /// <summary>The name by which a proxy knows a rule.</summary>
    public static string NameOf(ConfigKey policy, int rule) =>
        $"ns[{policy.Namespace}]-policy[{policy.Name}]-rule[{rule}]";

    private static IEnumerable<Sourced<AuthorizationPolicy>> Selected(ProxyView view) =>
        Considered(view.Mesh, view.Scope).Where(p => ExclusionOf(view.Scope, p) is null);

    /// <summary>What an authorizer is asked about; null for nothing.</summary>
    public static RBAC? CustomRules(ProxyView view) => Rules(
        view,
        AuthorizationAction.Custom,
        Selected(view).Where(p => p.Spec.Action is AuthorizationAction.Custom),
        isTcp: false);

    /// <summary>Whether a policy is only tried out.</summary>
    public static bool IsOnTrial(Sourced<AuthorizationPolicy> policy) =>
        policy.Spec.Action is AuthorizationAction.Allow or AuthorizationAction.Deny
        && policy.Resource.Annotations.TryGetValue(DryRun, out var value)
        && bool.TryParse(value, out var isOn)
        && isOn;

    private static RBAC? Rules(
        ProxyView view, AuthorizationAction action, IEnumerable<Sourced<AuthorizationPolicy>> policies, bool isTcp)
    {
        RBAC? rules = null;
        foreach (var policy in policies)
        {
            rules ??= new RBAC { Action = ActionOf(action) };
            foreach (var (i, rule) in policy.Spec.Rules.Index())
            {
                var context = new RuleContext(
                    view.Mesh.Settings.TrustDomains, policy.Namespace, isTcp, action is AuthorizationAction.Allow);
                if (PolicyTranslator.Translate(rule, context) is not { } translated) continue;
                rules.Policies[NameOf(policy.Resource.Key, i)] = translated;
            }
        }

        // Without any rule left only ALLOW still says something: nobody.
        return rules is { Policies.Count: 0, Action: not RBAC.Types.Action.Allow } ? null : rules;
    }

    private static RBAC.Types.Action ActionOf(AuthorizationAction action) => action switch
    {
        AuthorizationAction.Allow => RBAC.Types.Action.Allow,
        AuthorizationAction.Audit => RBAC.Types.Action.Log,
        _ => RBAC.Types.Action.Deny,
    };

    private static string ShadowPrefix(RBAC.Types.Action action) =>
        action is RBAC.Types.Action.Deny ? "istio_dry_run_deny_" : "istio_dry_run_allow_";
}
