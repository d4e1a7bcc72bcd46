using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Scopes;
using Limits = MeshOrleans.Xds.Protocol.Limits;

namespace MeshOrleans.Xds.Translation.Policies;

/// <summary>
/// Makes the limits of a workload's requests: those of its namespace and of the root namespace that select it, all of
/// them in one filter behind access control.
/// </summary>
/// <remarks>
/// Only our own sidecars and gateways have the filter; an Envoy as gateway goes without, since it is optional. A
/// condition that cannot be asked is left out, which limits more.
/// </remarks>
internal static class RateLimitTranslator
{
    /// <summary>The filter; null when there is nothing to limit.</summary>
    public static HttpFilter? Filter(ProxyView view)
    {
        if (view.Scope.Mode is not (ProxyMode.Sidecar or ProxyMode.Gateway)) return null;
        var limits = new Limits.RateLimit();
        foreach (var source in Selected(view))
        {
            var context = new RuleContext(
                view.Mesh.Settings.TrustDomains, source.Namespace, IsTcp: false, IsAllow: false);
            foreach (var (i, rule) in source.Spec.Rules.Index())
            {
                if (Rule(source, i, rule, context) is { } translated) limits.Rules.Add(translated);
            }
        }

        return limits.Rules.Count == 0
            ? null
            : HttpConnection.Filter(FilterNames.RateLimit, limits, isOptional: true);
    }

    private static IEnumerable<Sourced<RateLimit>> Selected(ProxyView view) =>
        new[] { view.Mesh.Settings.RootNamespace, view.Scope.Namespace }.Distinct()
            .SelectMany(ns => view.Mesh.RateLimits[ns])
            .Where(l => l.Spec.Selector is not { } wanted
                || LabelSelector.Matches(wanted.MatchLabels, view.Scope.Labels))
            .OrderBy(l => l.Resource.Key);

    private static Limits.RateLimit.Types.Rule? Rule(
        Sourced<RateLimit> source, int index, RateLimitRule rule, RuleContext context)
    {
        if (rule is not { Requests: > 0 and var requests, Interval: { } interval }) return null;
        if (PolicyTranslator.Translate(rule.Match, context) is not { } match) return null;
        var translated = new Limits.RateLimit.Types.Rule
        {
            Name = $"ns[{source.Namespace}]-limit[{source.Name}]-rule[{index}]",
            Match = match,
            Requests = (uint)requests,
            Interval = Duration.FromTimeSpan(interval),
            Burst = (uint)(rule.Burst ?? requests),
            DryRun = source.Spec.DryRun,
        };
        translated.Keys.AddRange(rule.Keys.Select(Key));
        return translated;
    }

    private static Limits.RateLimit.Types.Key Key(RateLimitKey key) => key switch
    {
        { Header.Length: > 0 } => new() { Header = key.Header.ToLowerInvariant() },
        { Path: true } => new() { Path = true },
        _ => new() { Identity = true },
    };
}
