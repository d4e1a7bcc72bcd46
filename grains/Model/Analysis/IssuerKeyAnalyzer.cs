using System.Collections.Immutable;
using System.Globalization;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Issuers;
using MeshOrleans.Model.Topology;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>Keys of issuers that cannot be fetched or handed out (MSH2007), or not any more (MSH2008).</summary>
internal static class IssuerKeyAnalyzer
{
    public static void Analyze(AnalysisSubject subject, AnalysisReport report)
    {
        AnalyzeBudget(subject, report);
        if (!subject.KnowsMembers) return; // files alone: nobody has tried
        var fetched = subject.KeySources.Select(source => source.Address).ToHashSet(StringComparer.Ordinal);
        foreach (var (resource, spec) in subject.Of<RequestAuthentication>())
        {
            foreach (var (i, rule) in spec.JwtRules.Index())
            {
                if (KeySource.AddressOf(rule) is not { } address) continue;
                var path = FieldPath.Root.At("spec").At("jwtRules").At(i);
                Check(subject, report, resource, rule.JwksUri.Length > 0 ? path.At("jwksUri") : path, address, fetched);
            }
        }
    }

    /// <summary>Rules for which no room is left at some workload, each told once.</summary>
    private static void AnalyzeBudget(AnalysisSubject subject, AnalysisReport report)
    {
        var policies = subject.Of<RequestAuthentication>();
        var total = policies.SelectMany(p => p.Spec.JwtRules)
            .Sum(rule => (long)(KeyBudget.KeysOf(rule, subject.KeySets)?.Length ?? 0));
        if (total <= KeyBudget.MaxCharacters) return;
        var excess = subject.AllMembers.SelectMany(member => KeyBudget.Excess(
            policies.Where(p => IsFor(p.Resource.Key.Namespace, p.Spec, member, subject.RootNamespace)), subject.KeySets));
        foreach (var (policy, rule) in excess.Distinct().Order())
        {
            report.Add(
                AnalysisCode.IssuerKeysMissing,
                subject.Find(policy)!,
                FieldPath.Root.At("spec").At("jwtRules").At(rule),
                $"the keys of all issuers that one workload accepts are more than {KeyBudget.MaxCharacters} characters, "
                    + "and those of this one are not handed to it: its tokens are refused there");
        }
    }

    private static bool IsFor(
        string ns,
        RequestAuthentication policy,
        (string Namespace, ImmutableSortedDictionary<string, string> Labels) member,
        string rootNamespace) =>
        (ns == member.Namespace || ns == rootNamespace)
        && PolicyReach.ExclusionOf(policy.Selector, policy.TargetRefs, ns, member.Namespace, member.Labels) is null;

    private static void Check(
        AnalysisSubject subject,
        AnalysisReport report,
        ConfigResource resource,
        FieldPath path,
        string address,
        HashSet<string> fetched)
    {
        if (!fetched.Contains(address))
        {
            report.Add(
                AnalysisCode.IssuerKeysMissing,
                resource,
                path,
                $"keys are fetched from {KeySource.MaxCount} addresses at most, and this is one more: tokens are refused");
        }
        else if (subject.Issuers.GetValueOrDefault(address) is { Error: { } error } issuer)
        {
            var isMissing = issuer.Keys == 0;
            report.Add(
                isMissing ? AnalysisCode.IssuerKeysMissing : AnalysisCode.IssuerKeysStale,
                resource,
                path,
                isMissing
                    ? $"there are no keys of this issuer, and its tokens are refused: {error}"
                    : string.Create(
                        CultureInfo.InvariantCulture, $"the keys of {issuer.FetchedAt:u} are still used: {error}"));
        }
    }
}
