using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Xds.Translation.Origins;

namespace MeshOrleans.Silo.Explanations;

/// <summary>Tells what AuthorizationPolicies make of a request, rule by rule.</summary>
internal static class PolicyExplainer
{
    private const string NotHere = "asks for something that a port without HTTP cannot know";

    public static ImmutableArray<PolicyView> Explain(
        ImmutableArray<PolicyOrigin> origins, AuthorizationModel model, RequestView view, bool isHttp)
    {
        var known = new Dictionary<string, (AuthorizationRules Rules, AuthorizationPolicyModel Rule)>(
            StringComparer.Ordinal);
        var all = model.Filters.SelectMany(f => new[] { f.Enforced, f.Shadow }).Append(model.Custom?.Rules);
        foreach (var rules in all.OfType<AuthorizationRules>())
        {
            foreach (var rule in rules.Policies) known.TryAdd(rule.Name, (rules, rule));
        }

        return [.. origins.Select(origin => Explain(origin, known, view, isHttp))];
    }

    /// <summary>Why a request passes, as half a sentence.</summary>
    public static string Allowed(AuthorizationVerdict verdict, ImmutableArray<PolicyView> policies)
    {
        if (verdict is { Policy: { } rule, Action: AuthorizationAction.Allow }) return $"allowed by {Short(rule)}";
        return policies.Any(p => p.Applies && !p.DryRun)
            ? "no policy refuses it, and none that allows has to be asked"
            : "no AuthorizationPolicy applies";
    }

    /// <summary>Who has to be asked about a request that nobody asks here, as half a sentence.</summary>
    /// <param name="provider">The name of the external authorizer.</param>
    /// <param name="rule">The rule of a CUSTOM policy that says so.</param>
    public static string Asked(string provider, string rule) =>
        $"if the external authorizer {provider} allows it, which AuthorizationPolicy {Short(rule)} has asked "
        + "(explain does not call it: its answer is not known here)";

    /// <summary>Why a request is refused, as a sentence.</summary>
    /// <param name="verdict">What the policies say.</param>
    /// <param name="policies">All of them.</param>
    /// <param name="workload">The workload that is called.</param>
    /// <param name="problem">Why nobody can be asked where a CUSTOM policy wants to; empty where somebody can.</param>
    public static string Denied(
        AuthorizationVerdict verdict, ImmutableArray<PolicyView> policies, string workload, string problem)
    {
        if (verdict.Policy is { } rule)
        {
            var isCustom = policies.Any(p => p is { Action: "CUSTOM", Applies: true } && rule.StartsWith(
                $"ns[{p.Name.Replace("/", "]-policy[", StringComparison.Ordinal)}]-rule[", StringComparison.Ordinal));
            var why = !isCustom ? ""
                : problem.Length > 0 ? $": nobody can be asked, as {problem}"
                : ": an external authorizer is not asked about connections that carry no request";
            return $"denied at {workload} by AuthorizationPolicy {Short(rule)}{why}";
        }

        var asked = policies
            .Where(p => p is { Applies: true, DryRun: false } && p.Action == "ALLOW")
            .Select(p => p.Name);
        return $"denied at {workload}: no rule allows it; asked were {string.Join(", ", asked)}";
    }

    private static PolicyView Explain(
        PolicyOrigin origin,
        Dictionary<string, (AuthorizationRules Rules, AuthorizationPolicyModel Rule)> known,
        RequestView view,
        bool isHttp)
    {
        var applies = origin.Exclusion.Length == 0;
        var rules = ImmutableArray.CreateBuilder<string>();
        foreach (var name in applies ? origin.Rules : [])
        {
            rules.Add(known.TryGetValue(name, out var found)
                ? AuthorizationModel.FindMismatch(found.Rules, found.Rule, in view, isHttp) ?? ""
                : NotHere);
        }

        var matched = rules.IndexOf("");
        return new PolicyView(
            $"{origin.Key.Namespace}/{origin.Key.Name}",
            origin.Action.ToString().ToUpperInvariant(),
            applies,
            origin.IsOnTrial,
            matched < 0 ? null : matched,
            origin.Exclusion,
            rules.ToImmutable(),
            origin.Provider);
    }

    /// <summary><c>ns[shop]-policy[allow]-rule[0]</c> as <c>shop/allow[0]</c>.</summary>
    private static string Short(string rule)
    {
        var parts = rule.Split(["ns[", "]-policy[", "]-rule["], StringSplitOptions.None);
        return parts is ["", var ns, var name, var index] ? $"{ns}/{name}[{index}" : rule;
    }
}
