using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of Lane.</summary>
internal static class LaneRules
{
    private const int MaxHosts = 256;
    private const int MaxMatches = 16;
    private const int MaxLabels = 16;

    public static void Check(Lane lane, string name, FieldPath spec, RuleReport report)
    {
        if (!ResourceName.IsDnsLabel(name))
        {
            report.Error(
                FieldPath.Root.At("metadata").At("name"),
                $"a lane is named by a label of DNS (a-z, 0-9 and -, at most 63): \"{name}\"");
        }

        var labels = spec.At("labels");
        report.ErrorIf(
            lane.Labels.IsEmpty,
            labels,
            "labels must have at least one element: they say which endpoints are the lane");
        report.ErrorIf(lane.Labels.Count > MaxLabels, labels, $"at most {MaxLabels} labels can be set");
        SelectorRules.CheckLabels(lane.Labels, labels, report);
        CheckHosts(lane, spec.At("hosts"), report);
        CheckMatch(lane, spec.At("match"), report);
    }

    private static void CheckHosts(Lane lane, FieldPath path, RuleReport report)
    {
        report.ErrorIf(lane.Hosts.Length > MaxHosts, path, $"at most {MaxHosts} hosts can be set");
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (i, host) in lane.Hosts.Index())
        {
            HostRules.Check(host, path.At(i), report);
            report.ErrorIf(!seen.Add(host), path.At(i), $"duplicate host: {host}");
        }
    }

    private static void CheckMatch(Lane lane, FieldPath path, RuleReport report)
    {
        report.ErrorIf(lane.Match.Length > MaxMatches, path, $"at most {MaxMatches} matches can be set");
        HttpMatchRules.Check(lane.Match, reachesGateway: false, path, report);
        foreach (var (i, match) in lane.Match.Index())
        {
            var takesAll = match is
            {
                TakesEveryPath: true, Method: null, Authority: null, Headers.IsEmpty: true, WithoutHeaders.IsEmpty: true,
                QueryParams.IsEmpty: true,
            };
            report.ErrorIf(takesAll, path.At(i), "takes every request: nobody would be left outside of the lane");
        }
    }
}
