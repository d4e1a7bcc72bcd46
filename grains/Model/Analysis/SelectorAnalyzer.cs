using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>
/// Selectors that select nobody, and resources of which a workload may have one only (IST0127, IST0110, IST0111, IST0159,
/// IST0160).
/// </summary>
internal static class SelectorAnalyzer
{
    public static void Analyze(AnalysisSubject subject, AnalysisReport report)
    {
        var sidecars = Select<Sidecar>(subject, s => s.WorkloadSelector);
        var telemetries = Select<Telemetry>(subject, t => t.Selector)
            .Where(t => ((Telemetry)t.Resource.Spec).TargetRefs.IsEmpty).ToList();
        AnalyzeOneEach(
            subject,
            report,
            sidecars,
            AnalysisCode.ConflictingSidecarWorkloadSelectors,
            AnalysisCode.MultipleSidecarsWithoutWorkloadSelectors);
        AnalyzeOneEach(
            subject,
            report,
            telemetries,
            AnalysisCode.ConflictingTelemetryWorkloadSelectors,
            AnalysisCode.MultipleTelemetriesWithoutWorkloadSelectors);
        if (!subject.KnowsMembers) return;
        var all = sidecars.Select(s => (Entry: s, Field: "workloadSelector"))
            .Concat(telemetries
                .Concat(Select<AuthorizationPolicy>(subject, p => p.Selector))
                .Concat(Select<RequestAuthentication>(subject, p => p.Selector))
                .Concat(Select<PeerAuthentication>(subject, p => p.Selector))
                .Concat(Select<ProxyConfig>(subject, p => p.Selector))
                .Select(t => (Entry: t, Field: "selector")));
        foreach (var (entry, field) in all) AnalyzeReach(subject, report, entry.Resource, entry.Labels, field);
    }

    private static List<(ConfigResource Resource, ImmutableSortedDictionary<string, string> Labels)> Select<TSpec>(
        AnalysisSubject subject, Func<TSpec, WorkloadSelector?> selector)
        where TSpec : ConfigSpec =>
        [.. subject.Of<TSpec>().Select(r => (r.Resource, selector(r.Spec)?.MatchLabels ?? EmptyMap.Text))];

    private static void AnalyzeOneEach(
        AnalysisSubject subject,
        AnalysisReport report,
        IReadOnlyCollection<(ConfigResource Resource, ImmutableSortedDictionary<string, string> Labels)> all,
        AnalysisCode sameWorkload,
        AnalysisCode manyForAll)
    {
        foreach (var (resource, labels) in all)
        {
            var ns = resource.Key.Namespace;
            var others = all
                .Where(o => o.Resource.Key != resource.Key && o.Resource.Key.Namespace == ns)
                .Where(o => labels.IsEmpty
                    ? o.Labels.IsEmpty
                    : !o.Labels.IsEmpty && MeetIn(subject.LabelsIn(ns), labels, o.Labels))
                .Select(o => $"{ns}/{o.Resource.Key.Name}")
                .ToList();
            if (others.Count == 0) continue;
            report.Add(
                labels.IsEmpty ? manyForAll : sameWorkload,
                resource,
                FieldPath.Root.At("spec"),
                labels.IsEmpty
                    ? $"{string.Join(", ", others)} and this one are both for all workloads of the namespace: the oldest counts"
                    : $"{string.Join(", ", others)} and this one select the same workload: the oldest counts");
        }
    }

    private static bool MeetIn(
        IEnumerable<ImmutableSortedDictionary<string, string>> members,
        ImmutableSortedDictionary<string, string> first,
        ImmutableSortedDictionary<string, string> second) =>
        first.SequenceEqual(second)
        || members.Any(m => LabelSelector.Matches(first, m) && LabelSelector.Matches(second, m));

    private static void AnalyzeReach(
        AnalysisSubject subject,
        AnalysisReport report,
        ConfigResource resource,
        ImmutableSortedDictionary<string, string> labels,
        string field)
    {
        if (labels.IsEmpty) return;
        var isForAll = resource.Key.Namespace == subject.RootNamespace && resource.Spec is not (PeerAuthentication or Sidecar);
        var members = isForAll ? subject.AllLabels : subject.LabelsIn(resource.Key.Namespace);
        if (members.Any(m => LabelSelector.Matches(labels, m))) return;
        report.Add(
            AnalysisCode.NoMatchingWorkloadsFound,
            resource,
            FieldPath.Root.At("spec").At(field),
            $"no workload has the labels {string.Join(",", labels.Select(l => $"{l.Key}={l.Value}"))}: this has no effect");
    }
}
