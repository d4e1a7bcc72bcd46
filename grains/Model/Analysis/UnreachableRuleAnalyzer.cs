using System.Text;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>Rules and conditions of a VirtualService that an earlier one leaves nothing to (IST0130, IST0131).</summary>
internal static class UnreachableRuleAnalyzer
{
    private static readonly HttpMatch _everything = new();
    private static readonly string _noCondition = KeyOf(_everything);

    public static void Analyze(AnalysisSubject subject, AnalysisReport report)
    {
        foreach (var (resource, service) in subject.Of<VirtualService>()) Analyze(resource, service, report);
    }

    private static void Analyze(ConfigResource resource, VirtualService service, AnalysisReport report)
    {
        var earlier = new List<(Condition Condition, int Rule)>();
        foreach (var (index, rule) in service.Http.Index())
        {
            var at = FieldPath.Root.At("spec").At("http").At(index);
            var conditions = (rule.Match.IsEmpty ? [_everything] : rule.Match).Select(Condition.Of).ToList();
            var covered = conditions.ConvertAll(c => earlier.FindIndex(e => e.Condition.Covers(c)));
            if (covered.TrueForAll(c => c >= 0))
            {
                report.Add(
                    AnalysisCode.VirtualServiceUnreachableRule,
                    resource,
                    at,
                    $"this rule is never reached: http[{earlier[covered[0]].Rule}] takes everything that it would");
            }
            else
            {
                foreach (var (i, by) in covered.Index().Where(c => c.Item >= 0))
                {
                    report.Add(
                        AnalysisCode.VirtualServiceIneffectiveMatch,
                        resource,
                        at.At("match").At(i),
                        $"this condition never comes into play: http[{earlier[by].Rule}] takes all of it");
                }
            }

            earlier.AddRange(conditions.Select(c => (c, index)));
        }
    }

    // What it asks for, without the names it is shown by.
    private static string KeyOf(HttpMatch match)
    {
        var key = new StringBuilder();
        Add("uri", match.Uri);
        Add("scheme", match.Scheme);
        Add("method", match.Method);
        Add("authority", match.Authority);
        foreach (var (name, value) in match.Headers) Add("header " + name.ToLowerInvariant(), value);
        foreach (var (name, value) in match.WithoutHeaders) Add("without " + name.ToLowerInvariant(), value);
        foreach (var (name, value) in match.QueryParams) Add("query " + name, value);
        foreach (var (name, value) in match.SourceLabels) key.Append($"label {name}={value}\n");
        foreach (var gateway in match.Gateways.Order(StringComparer.Ordinal)) key.Append($"gateway {gateway}\n");
        if (match.Port is { } port) key.Append($"port {port}\n");
        if (match.SourceNamespace.Length > 0) key.Append($"from {match.SourceNamespace}\n");
        if (match.IgnoreUriCase) key.Append("any case\n");
        return key.ToString();

        void Add(string what, StringMatch? value)
        {
            if (value is not null) key.Append($"{what} {value.Kind} {value.Value}\n");
        }
    }

    /// <summary>A condition, with what decides about covering worked out once.</summary>
    /// <param name="Match">The condition.</param>
    /// <param name="Key">All that it asks for.</param>
    /// <param name="IsPathOnly">It asks for a path at most.</param>
    private sealed record Condition(HttpMatch Match, string Key, bool IsPathOnly)
    {
        public static Condition Of(HttpMatch match) =>
            new(match, KeyOf(match), KeyOf(match with { Uri = null }) == _noCondition);

        // Sure cases only: the same conditions, or a path that this one's path includes and nothing else asked for.
        public bool Covers(Condition later) => Key == later.Key || (IsPathOnly && Includes(later.Match));

        private bool Includes(HttpMatch later) => Match.TakesEveryPath || Match.Uri switch
        {
            { Kind: StringMatchKind.Prefix } prefix => !later.IgnoreUriCase
                && later.Uri is { Kind: StringMatchKind.Prefix or StringMatchKind.Exact } uri
                && uri.Value.StartsWith(prefix.Value, StringComparison.Ordinal),
            { Kind: StringMatchKind.Exact } exact => !later.IgnoreUriCase && later.Uri == exact,
            var other => later.Uri == other,
        };
    }
}
