using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>
/// Finds what is right resource by resource and wrong together: names that lead nowhere, two that want the same, rules
/// that never come into play.
/// </summary>
/// <remarks>Pure; the same for files, for a live mesh, and for a live mesh with files put over it.</remarks>
public static class MeshAnalyzer
{
    /// <summary>All findings, the worst first. Lines are not filled in.</summary>
    /// <param name="snapshot">The configuration and the members.</param>
    /// <param name="knowsMembers">
    /// Whether the members are all there are; without it nothing is said about missing ones.
    /// </param>
    public static ImmutableArray<Violation> Analyze(MeshSnapshot snapshot, bool knowsMembers)
    {
        var subject = new AnalysisSubject(snapshot, knowsMembers);
        var report = new AnalysisReport();
        ReferenceAnalyzer.Analyze(subject, report);
        DestinationAnalyzer.Analyze(subject, report);
        AttachedRouteAnalysis.Analyze(subject, report);
        foreach (var finding in Conflicts(snapshot.Config.Values, subject.AllLabels))
        {
            report.Add(snapshot.Config[finding.Resource], finding.Violation);
        }

        UnreachableRuleAnalyzer.Analyze(subject, report);
        DestinationRuleAnalyzer.Analyze(subject, report);
        HealthCheckAnalyzer.Analyze(subject, report);
        LaneAnalyzer.Analyze(subject, report);
        ServiceAnalyzer.Analyze(subject, report);
        GatewayAnalyzer.Analyze(subject, report);
        SelectorAnalyzer.Analyze(subject, report);
        IssuerKeyAnalyzer.Analyze(subject, report);
        AuthorizerAnalyzer.Analyze(subject, report);
        return report.ToImmutable();
    }

    /// <summary>Resources that want the same, so that what one says has no effect.</summary>
    /// <param name="resources">All that there are of the kinds that matter: VirtualServices, routes of the Gateway API, and Gateways.</param>
    /// <param name="members">Labels of the members; none when they are not known.</param>
    public static IEnumerable<AnalysisFinding> Conflicts(
        IEnumerable<ConfigResource> resources, IEnumerable<ImmutableSortedDictionary<string, string>> members) =>
        RouteAnalysis.Of(resources)
            .Concat(AttachedRouteAnalysis.Of(resources))
            .Concat(GatewayPortAnalysis.Of(resources, members));
}
