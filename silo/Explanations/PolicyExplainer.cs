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
        var all = model.Filters.SelectMany(f => new[] { f.Enforced, f.Shadow });
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

    /// <summary>Why a request is refused, as a sentence.</summary>
    public static string Denied(AuthorizationVerdict verdict, ImmutableArray<PolicyView> policies, string workload)
    {
        if (verdict.Policy is { } rule) return $"denied at {workload} by AuthorizationPolicy {Short(rule)}";
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
            rules.ToImmutable());
    }

    /// <summary><c>ns[shop]-policy[allow]-rule[0]</c> as <c>shop/allow[0]</c>.</summary>
    private static string Short(string rule)
    {
        var parts = rule.Split(["ns[", "]-policy[", "]-rule["], StringSplitOptions.None);
        return parts is ["", var ns, var name, var index] ? $"{ns}/{name}[{index}" : rule;
    }
}
