using System.Collections.Immutable;

namespace MeshOrleans.Model.Evaluation;

/// <summary>What a filter does with a request that one of its policies matches.</summary>
public enum AuthorizationAction
{
    /// <summary>Only matching requests pass.</summary>
    Allow,

    /// <summary>Matching requests are refused.</summary>
    Deny,

    /// <summary>Matching requests are noted; nothing is decided (AUDIT).</summary>
    Log,
}

/// <summary>One rule of one policy.</summary>
/// <param name="Name">As Istio names it: <c>ns[shop]-policy[allow]-rule[0]</c>.</param>
/// <param name="Permission">What is asked of the request.</param>
/// <param name="Principal">What is asked of the caller.</param>
public sealed record AuthorizationPolicyModel(string Name, RequestRule Permission, RequestRule Principal);

/// <summary>The policies of one action.</summary>
/// <param name="Action">The action.</param>
/// <param name="Policies">The policies; without any, ALLOW refuses everything and DENY nothing.</param>
public sealed record AuthorizationRules(AuthorizationAction Action, ImmutableArray<AuthorizationPolicyModel> Policies);

/// <summary>One RBAC filter.</summary>
/// <param name="Enforced">What decides; null when the filter only tries a policy out.</param>
/// <param name="Shadow">What is tried out: evaluated and reported, never enforced.</param>
public sealed record AuthorizationFilter(AuthorizationRules? Enforced, AuthorizationRules? Shadow = null);

/// <summary>The policies of the action CUSTOM: somebody outside is asked about what they match.</summary>
/// <param name="Provider">Who is asked, by the name that the mesh's settings give it.</param>
/// <param name="Rules">
/// What is asked about. In doubt a rule matches, as one that denies: what is not asked about is not held up.
/// </param>
public sealed record CustomAuthorization(string Provider, AuthorizationRules Rules);

/// <summary>What authorization says about one request.</summary>
/// <param name="Allowed">The decision.</param>
/// <param name="Policy">
/// The rule that decided; null when none matched (allowed by default, or no ALLOW rule matched).
/// </param>
/// <param name="Action">The action that decided; null when there was no filter at all.</param>
/// <param name="ShadowAllowed">What the policies on trial would have said; null when there are none.</param>
/// <param name="ShadowPolicy">The rule on trial that matched; null when none did.</param>
public readonly record struct AuthorizationVerdict(
    bool Allowed,
    string? Policy = null,
    AuthorizationAction? Action = null,
    bool? ShadowAllowed = null,
    string? ShadowPolicy = null);

/// <summary>The prepared authorization of one port: its filters, asked in order until one refuses.</summary>
/// <param name="Filters">The filters; the control plane sends DENY before ALLOW.</param>
public sealed record AuthorizationModel(ImmutableArray<AuthorizationFilter> Filters)
{
    /// <summary>No policy at all: everything passes.</summary>
    public static AuthorizationModel AllowAll { get; } = new([]);

    /// <summary>What an external authorizer is asked about, before the filters; null for nothing.</summary>
    public CustomAuthorization? Custom { get; init; }

    /// <summary>
    /// The rule by which the authorizer of <see cref="Custom"/> has to be asked about a request; null when it need not be.
    /// </summary>
    public string? FindCustom<TView>(in TView view)
        where TView : struct, IRequestView, allows ref struct =>
        Custom is { } custom ? Apply(custom.Rules, in view, isHttp: true).Policy : null;

    /// <summary>Decides one request, once an authorizer that has to be asked has allowed it.</summary>
    public AuthorizationVerdict Decide<TView>(in TView view)
        where TView : struct, IRequestView, allows ref struct => Decide(in view, isHttp: true);

    /// <summary>
    /// Decides a connection that carries no request that can be read. A rule that asks for methods, hosts or paths is
    /// ignored when it allows, and loses those parts when it denies: the strict side either way. What an authorizer would
    /// have to be asked about is refused, as there is no request to show it.
    /// </summary>
    public AuthorizationVerdict DecideConnection<TView>(in TView view)
        where TView : struct, IRequestView, allows ref struct =>
        Custom is { } custom && Apply(custom.Rules, in view, isHttp: false) is { Policy: { } policy }
            ? new AuthorizationVerdict(Allowed: false, policy, AuthorizationAction.Deny)
            : Decide(in view, isHttp: false);

    /// <summary>Says in words why a rule does not match; null when it does.</summary>
    /// <param name="rules">The rules that the policy is one of: how repeated headers are read depends on them.</param>
    /// <param name="policy">The rule.</param>
    /// <param name="view">The request.</param>
    /// <param name="isHttp">False for a connection that carries no request that can be read.</param>
    public static string? FindMismatch<TView>(
        AuthorizationRules rules, AuthorizationPolicyModel policy, in TView view, bool isHttp)
        where TView : struct, IRequestView, allows ref struct
    {
        var quantifier = QuantifierOf(rules);
        return RuleText.FindMismatch(policy.Permission, in view, quantifier, isHttp)
            ?? RuleText.FindMismatch(policy.Principal, in view, quantifier, isHttp);
    }

    private AuthorizationVerdict Decide<TView>(in TView view, bool isHttp)
        where TView : struct, IRequestView, allows ref struct
    {
        var verdict = new AuthorizationVerdict(Allowed: true);
        foreach (var filter in Filters)
        {
            if (filter.Shadow is { } trial && verdict.ShadowAllowed is not false)
            {
                var (allowed, policy) = Apply(trial, in view, isHttp);
                verdict = verdict with { ShadowAllowed = allowed, ShadowPolicy = policy };
            }

            if (filter.Enforced is { } rules && verdict.Allowed)
            {
                var (allowed, policy) = Apply(rules, in view, isHttp);
                verdict = verdict with { Allowed = allowed, Policy = policy, Action = rules.Action };
            }
        }

        return verdict;
    }

    private static (bool Allowed, string? Policy) Apply<TView>(AuthorizationRules rules, in TView view, bool isHttp)
        where TView : struct, IRequestView, allows ref struct
    {
        var quantifier = QuantifierOf(rules);
        foreach (var policy in rules.Policies)
        {
            if (RuleEvaluator.Holds(policy.Permission, in view, quantifier, isHttp)
                && RuleEvaluator.Holds(policy.Principal, in view, quantifier, isHttp))
            {
                return (rules.Action is not AuthorizationAction.Deny, policy.Name);
            }
        }

        return (rules.Action is not AuthorizationAction.Allow, null);
    }

    // A rule that denies takes the widest reading of repeated headers, a rule that allows the narrowest.
    private static Quantifier QuantifierOf(AuthorizationRules rules) =>
        rules.Action is AuthorizationAction.Deny ? Quantifier.Any : Quantifier.All;
}
