using System.Collections.Immutable;
using System.Globalization;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Xds.Translation.Origins;

namespace MeshOrleans.Silo.Explanations;

/// <summary>Who may call one port of a workload or gateway.</summary>
/// <param name="Port">The port; policy speaks of this number.</param>
/// <param name="Tokens">The tokens that are verified.</param>
/// <param name="Authorization">The policies.</param>
/// <param name="RateLimits">How many requests it takes.</param>
internal sealed record AdmissionRules(
    int Port,
    TokenAuthentication Tokens,
    AuthorizationModel Authorization,
    ImmutableArray<RateLimitRuleModel> RateLimits);

/// <summary>Whether a request or connection is let in.</summary>
/// <param name="Refusal">Why not, as a sentence; empty when it is.</param>
/// <param name="Status">The status of a refused request; null for what is closed, and for what is let in.</param>
/// <param name="Reason">Why it is let in, as half a sentence.</param>
/// <param name="Seen">The request as everything behind sees it.</param>
internal sealed record Admission(string Refusal, int? Status, string Reason, RequestView Seen)
{
    /// <summary>Whose token counts, or why none does.</summary>
    public string Token { get; init; } = "";

    /// <summary>The external authorizer that has to allow it, and the rule that says so; empty for none.</summary>
    public string Asked { get; init; } = "";

    /// <summary>The policies, rule by rule.</summary>
    public ImmutableArray<PolicyView> Policies { get; init; } = [];

    /// <summary>The limits that count it.</summary>
    public ImmutableArray<string> RateLimits { get; init; } = [];
}

/// <summary>What authorizers, tokens and policies say, in the order in which a proxy asks them.</summary>
internal sealed class AdmissionExplainer(TimeProvider clock)
{
    /// <param name="rules">The rules of the port.</param>
    /// <param name="origins">Where they come from.</param>
    /// <param name="name">Who is called.</param>
    /// <param name="proxy">Who decides, as a sentence begins.</param>
    /// <param name="view">The request as it comes in.</param>
    public Admission OfRequest(
        AdmissionRules rules, ScopeOrigins origins, string name, string proxy, RequestView view)
    {
        var asked = Asked(rules, view);
        var (tokens, seen) = TokenExplainer.Judge(rules.Tokens, view, clock.GetUtcNow());
        var admission = TokenExplainer.StatusOf(tokens.Problem) is { } status
            ? new Admission(
                $"{proxy} refuses the token: {tokens.Problem.Text()}" + (asked.Length > 0 ? $", {asked}" : ""),
                status,
                "",
                seen)
            : ByPolicies(rules, origins, name, seen, isHttp: true);
        return admission with { Token = TokenExplainer.Text(rules.Tokens, tokens), Asked = asked };
    }

    /// <param name="rules">The rules of the port.</param>
    /// <param name="origins">Where they come from.</param>
    /// <param name="name">Who is called.</param>
    /// <param name="view">The connection as it comes in.</param>
    public static Admission OfConnection(AdmissionRules rules, ScopeOrigins origins, string name, RequestView view) =>
        ByPolicies(rules, origins, name, view, isHttp: false);

    private static Admission ByPolicies(
        AdmissionRules rules, ScopeOrigins origins, string name, RequestView view, bool isHttp)
    {
        var model = rules.Authorization;
        var verdict = isHttp ? model.Decide(in view) : model.DecideConnection(in view);
        var policies = PolicyExplainer.Explain(origins.AuthorizationPolicies(), model, view, isHttp);
        var admission = verdict.Allowed
            ? new Admission("", null, PolicyExplainer.Allowed(verdict, policies), view)
            {
                RateLimits = isHttp ? Limits(rules, view) : [],
            }
            : new Admission(
                PolicyExplainer.Denied(verdict, policies, name, origins.AuthorizerProblem),
                isHttp ? 403 : null,
                "",
                view);
        return admission with { Policies = policies };
    }

    // Before the tokens, by a request that says nothing of what only tokens say.
    private static string Asked(AdmissionRules rules, RequestView view)
    {
        var headers = TokenExplainer.WithoutClaims(rules.Tokens, view.Call.Headers);
        var bare = view with { Call = view.Call with { Headers = headers } };
        return rules.Authorization.FindCustom(in bare) is { } rule
            ? PolicyExplainer.Asked(rules.Authorization.Custom!.Provider, rule)
            : "";
    }

    private static ImmutableArray<string> Limits(AdmissionRules rules, RequestView view) =>
    [
        .. rules.RateLimits.Where(limit => limit.AppliesTo(in view)).Select(limit => string.Create(
            CultureInfo.InvariantCulture,
            $"{limit.Match.Name}: {limit.Requests} in {limit.Interval.TotalSeconds:0.###} s")
            + (limit.IsDryRun ? " (dry run)" : "")),
    ];
}
