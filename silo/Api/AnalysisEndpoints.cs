using System.Collections.Immutable;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Config;
using MeshOrleans.Model.Analysis;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.Manifests;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Validation;
using MeshOrleans.Silo.Access;
using MeshOrleans.Silo.Audit;
using MeshOrleans.Silo.Manifests;
using MeshOrleans.Silo.Mtls;
using MeshOrleans.Xds.Gateway.Snapshots;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// <c>/v1/analyze</c>: what is wrong with configuration as a whole. Of the live mesh (GET), of files, or of the live mesh as
/// it would be with files applied (POST). Nothing is changed.
/// </summary>
internal static class AnalysisEndpoints
{
    public static void MapAnalysis(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/analyze", LiveAsync).RequireRoleForMesh(Role.Viewer);
        routes.MapPost("/v1/analyze", FilesAsync).RequireRole(Role.Viewer).WithMetadata(new NotAudited("it changes nothing"));
    }

    private static async Task<IResult> LiveAsync(
        HttpContext context, IGrainFactory grains, SnapshotHolder snapshots, StrictGate gate)
    {
        var live = await LiveConfigAsync(grains, context.RequestAborted);
        var findings = MeshAnalyzer.Analyze(snapshots.Current with { Config = live }, knowsMembers: true);
        var callers = await gate.AnalyzeAsync(live, live, context.RequestAborted);
        return Answer(findings.Concat(callers).OrderBy(f => f.Severity));
    }

    private static async Task<IResult> FilesAsync(
        HttpContext context,
        IGrainFactory grains,
        SnapshotHolder snapshots,
        StrictGate gate,
        bool live = true,
        string ns = "default")
    {
        // what does not fit together is told by the names of both, whose namespaces ever they are in
        if (live && !context.Rights().HasForMesh(Role.Viewer)) return context.Caller().LacksForMesh(Role.Viewer);
        var (body, problem) = await ManifestBody.ReadAsync(context);
        if (body is null) return problem!;
        var review = ManifestReview.Of(body.Files.Select(f => (f.Name, f.Text)), ns);
        var snapshot = live
            ? snapshots.Current with { Config = await LiveConfigAsync(grains, context.RequestAborted) }
            : MeshSnapshot.Empty;
        var places = new Dictionary<string, ManifestResource>(StringComparer.Ordinal);
        foreach (var source in review.Sources) places.TryAdd(source.Resource.Key.ToString(), source);
        var all = review.Resources.Over(snapshot.Config);
        var callers = live ? await gate.AnalyzeAsync(snapshot.Config, all, context.RequestAborted) : [];
        var found = MeshAnalyzer.Analyze(snapshot with { Config = all }, live).Concat(callers)
            .Select(f => places.TryGetValue(f.Resource, out var source) ? source.Place(f) : f);
        return Answer(review.Findings.Concat(found).OrderBy(f => f.Severity));
    }

    private static async Task<ImmutableSortedDictionary<ConfigKey, ConfigResource>> LiveConfigAsync(
        IGrainFactory grains, CancellationToken cancellationToken)
    {
        var documents = await grains.GetGrain<IMeshConfigGrain>(MeshKeys.Default).GetDocumentsAsync(cancellationToken);
        return documents.Select(d => ConfigJson.Read(d.Json)).ToImmutableSortedDictionary(r => r.Key, r => r);
    }

    private static IResult Answer(IEnumerable<Violation> findings) => Results.Json(
        new AnalysisAnswer([.. findings.Select(f => new FindingRow(
            f.Code,
            AnalysisCode.NameOf(f.Code),
            f.Path.Text,
            f.Message,
            f.File,
            f.Line,
            f.Severity.ToString().ToLowerInvariant(),
            f.Resource))]),
        ApiJson.Options);

    private sealed record AnalysisAnswer(ImmutableArray<FindingRow> Findings);

    private sealed record FindingRow(
        string Code,
        string Name,
        string Path,
        string Message,
        string File,
        int Line,
        string Severity,
        string Resource);
}
