using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>Collects findings, apart from those that a resource's own annotation puts aside.</summary>
internal sealed class AnalysisReport
{
    // a list of codes with commas, or * for all
    private const string SuppressAnnotation = "galley.istio.io/analyze-suppress";

    private readonly List<Violation> _findings = [];

    public void Add(AnalysisCode code, ConfigResource resource, FieldPath path, string message) => Add(
        resource, new Violation(path, message, code.Code, code.Severity, Resource: resource.Key.ToString()));

    public void Add(ConfigResource resource, Violation finding)
    {
        if (!Suppresses(resource, finding.Code)) _findings.Add(finding);
    }

    /// <summary>The worst first, then by resource and place.</summary>
    public ImmutableArray<Violation> ToImmutable() =>
    [
        .. _findings.Distinct()
            .OrderBy(f => f.Severity)
            .ThenBy(f => f.Code, StringComparer.Ordinal)
            .ThenBy(f => f.Resource, StringComparer.Ordinal)
            .ThenBy(f => f.Path.Text, StringComparer.Ordinal),
    ];

    private static bool Suppresses(ConfigResource resource, string code) =>
        resource.Annotations.TryGetValue(SuppressAnnotation, out var list)
        && list.Split(',', StringSplitOptions.TrimEntries).Any(word => word == "*" || word == code);
}
