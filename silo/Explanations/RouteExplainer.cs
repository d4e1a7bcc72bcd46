using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Xds.Translation.Origins;

namespace MeshOrleans.Silo.Explanations;

/// <summary>Names what was considered on the way to a route.</summary>
internal static class RouteExplainer
{
    /// <summary>The full host name that a virtual host is for; null for one that stands for everything else.</summary>
    public static string? HostOf(VirtualHostModel? host)
    {
        var colon = host?.Name.LastIndexOf(':') ?? -1;
        return colon < 0 ? null : host!.Name[..colon];
    }

    /// <summary>The routes of a virtual host, and the conditions that did not become one for this proxy.</summary>
    /// <param name="decision">What routing says.</param>
    /// <param name="rulesOf">The conditions for a host, in order.</param>
    /// <param name="view">The request.</param>
    public static ImmutableArray<RouteView> Routes(
        RouteDecision decision, Func<string, ImmutableArray<RuleOrigin>> rulesOf, RequestView view)
    {
        if (decision.Host is not { } host) return [];
        var name = HostOf(host);
        ImmutableArray<RuleOrigin> rules = name is null ? [] : rulesOf(name);
        var included = rules.Count(r => r.Exclusion.Length == 0);
        var next = host.Routes is [{ Name: RouteModel.HttpsRedirect }, ..] ? 1 : 0;
        if (included != host.Routes.Length - next) // nobody has written these: the service's own default, or a last resort
        {
            return [.. Excluded(rules), .. host.Routes.Select((r, i) => Judge("", r, host.Routes, i, decision, view))];
        }

        var views = ImmutableArray.CreateBuilder<RouteView>();
        if (next > 0) views.Add(Judge("", host.Routes[0], host.Routes, 0, decision, view));
        foreach (var rule in rules)
        {
            views.Add(rule.Exclusion.Length > 0
                ? new RouteView(PlaceOf(rule), rule.Name, RouteVerdict.NotForClient, rule.Exclusion)
                : Judge(PlaceOf(rule), host.Routes[next], host.Routes, next++, decision, view));
        }

        return views.ToImmutable();
    }

    private static IEnumerable<RouteView> Excluded(ImmutableArray<RuleOrigin> rules) =>
        rules.Where(r => r.Exclusion.Length > 0)
            .Select(r => new RouteView(PlaceOf(r), r.Name, RouteVerdict.NotForClient, r.Exclusion));

    private static RouteView Judge(
        string place,
        RouteModel route,
        ImmutableArray<RouteModel> all,
        int index,
        RouteDecision decision,
        RequestView view)
    {
        var taken = decision.Route is { } chosen ? all.IndexOf(chosen) : all.Length;
        if (index > taken)
        {
            return new RouteView(place, route.Name, RouteVerdict.NotReached, "one before takes the request");
        }

        var mismatch = route.Match.FindMismatch(in view, EveryDrawHits.Instance);
        return mismatch.Condition is RouteCondition.None
            ? new RouteView(place, route.Name, RouteVerdict.Matched, "")
            : new RouteView(place, route.Name, RouteVerdict.Differs, route.Match.Describe(mismatch, in view));
    }

    private static string PlaceOf(RuleOrigin rule)
    {
        if (rule.Source is { } source) return source.ToString();
        var place = rule.Match is { } match ? $"http[{rule.Rule}].match[{match}]" : $"http[{rule.Rule}]";
        return rule.Owner is { } owner ? $"{owner.Namespace}/{owner.Name} {place}" : place;
    }
}
