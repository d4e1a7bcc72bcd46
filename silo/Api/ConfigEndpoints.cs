using System.Collections.Immutable;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Config;
using MeshOrleans.Model.Analysis;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Config.Manifests;
using MeshOrleans.Model.Validation;
using MeshOrleans.Silo.Access;
using MeshOrleans.Silo.Audit;
using MeshOrleans.Silo.Manifests;
using MeshOrleans.Silo.Mtls;
using MeshOrleans.Xds.Gateway.Snapshots;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// <c>/v1/config</c>: apply, read and delete configuration. All of a change set is accepted, or none of it.
/// </summary>
internal static class ConfigEndpoints
{
    private const string Yaml = "application/yaml";
    private static readonly string[] _kindsInConflict =
        [$"{nameof(VirtualService)}/", $"{nameof(Gateway)}/", .. AttachedRoute.Kinds.Select(kind => $"{kind}/")];

    public static void MapConfig(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/config", ApplyAsync).RequireRole(Role.Operator);
        routes.MapGet("/v1/config", ListAsync).RequireRole(Role.Viewer);
        routes.MapGet("/v1/config/{kind}/{ns}/{name}", FindAsync).RequireRole(Role.Viewer);
        routes.MapDelete("/v1/config/{kind}/{ns}/{name}", DeleteAsync).RequireRole(Role.Operator);
    }

    private static async Task<IResult> ApplyAsync(
        HttpContext context,
        IGrainFactory grains,
        StrictGate gate,
        bool dryRun = false,
        string ns = "default",
        string? stage = null)
    {
        if (stage is not null) return Problems.NotYet("POST /v1/config?stage=");
        if (!TryReadIfMatch(context, out var expected))
        {
            return Problems.BadField("If-Match", "must be the number of a revision");
        }

        var (body, problem) = await ManifestBody.ReadAsync(context);
        if (body is null) return problem!;
        var review = ManifestReview.Of(body.Files.Select(f => (f.Name, f.Text)), ns);
        if (review.HasErrors) return Problems.Invalid(review.Findings);
        if (review.Resources.IsEmpty) return Problems.BadField("", "the body holds no resource");
        if (await ConfigBoundary.RefusalOfAsync(context, grains, review.Resources) is { } refusal) return refusal;

        var request = new ApplyRequest
        {
            Put = [.. review.Resources.Select(r => new ConfigDocument(r.Key.ToString(), ConfigJson.Write(r)))],
            ExpectedRevision = expected,
            Author = context.Caller().Name,
            Reason = body.Reason,
            DryRun = dryRun,
        };

        // looked for before: once it is applied, nothing may make a failure of it
        var conflicts = await ConflictsAsync(context, grains, review.Resources);
        var (strict, result) = await gate.ApplyAsync(
            request, review.Resources, [], context.Rights().Sees, context.RequestAborted);
        var findings = review.Findings.Concat(conflicts).Concat(strict.Placed(review.Sources));
        if (result is null) return Problems.Invalid(findings);
        Note(context, result, dryRun);
        return Answer(result, [.. findings.Select(ProblemError.From)]);
    }

    /// <summary>What does not fit between the resources that are applied and those that were there before.</summary>
    private static async Task<IEnumerable<Violation>> ConflictsAsync(
        HttpContext context, IGrainFactory grains, ImmutableArray<ConfigResource> applied)
    {
        if (!applied.Any(r => r.Spec is VirtualService or Gateway or AttachedRoute)) return [];
        var documents = await Config(grains).GetDocumentsAsync(context.RequestAborted);
        var known = documents
            .Where(d => _kindsInConflict.Any(kind => d.Key.StartsWith(kind, StringComparison.Ordinal)))
            .Select(d => ConfigJson.Read(d.Json))
            .ToImmutableSortedDictionary(r => r.Key, r => r);
        var keys = applied.Select(r => r.Key).ToHashSet();
        var all = applied.Over(known).Values.ToList();
        return MeshAnalyzer.Conflicts(all, members: [])
            .Where(f => f.Involved.Any(keys.Contains) && f.Involved.All(key => context.Rights().Sees(key.Namespace)))
            .Select(f => f.Violation with { Severity = Severity.Warning }); // it was accepted
    }

    private static async Task<IResult> DeleteAsync(
        HttpContext context,
        IGrainFactory grains,
        StrictGate gate,
        string kind,
        string ns,
        string name,
        bool dryRun = false)
    {
        if (!TryReadIfMatch(context, out var expected))
        {
            return Problems.BadField("If-Match", "must be the number of a revision");
        }

        var key = new ConfigKey(kind, ns, name);
        if (await ConfigBoundary.RefusalOfAsync(context, grains, key) is { } refusal) return refusal;
        var request = new ApplyRequest
        {
            Delete = [key.ToString()],
            ExpectedRevision = expected,
            Author = context.Caller().Name,
            Reason = context.Request.Query["reason"].ToString(),
            DryRun = dryRun,
        };
        var (strict, result) = await gate.ApplyAsync(request, [], [key], context.Rights().Sees, context.RequestAborted);
        if (result is null) return Problems.Invalid(strict.Placed([]));
        Note(context, result, dryRun);
        return Answer(result, [.. strict.Placed([]).Select(ProblemError.From)]);
    }

    private static async Task<IResult> ListAsync(
        HttpContext context, IGrainFactory grains, SnapshotHolder snapshots, string? kind, string? ns)
    {
        var documents = await Config(grains).GetDocumentsAsync(context.RequestAborted);
        var all = documents.Select(d => ConfigJson.Read(d.Json)).ToList();
        var resources = all
            .Where(r => (kind is null || r.Key.Kind == kind) && (ns is null || r.Key.Namespace == ns))
            .Where(r => context.Rights().Sees(r.Key.Namespace));
        return WantsYaml(context)
            ? Results.Text(ManifestText.ToYaml(resources), Yaml)
            : Results.Json(
                Rows(resources, Status(all, snapshots)),
                ApiJson.Options);
    }

    private static IEnumerable<ResourceRow> Rows(IEnumerable<ConfigResource> resources, ResourceStatus status) =>
        resources.Select(r => new ResourceRow(
            r.Key.Kind, r.Key.Namespace, r.Key.Name, r.CreatedRevision, status.Summary(r)));

    /// <summary>Goes by the configuration as it is saved, which the snapshot may not have followed yet.</summary>
    private static ResourceStatus Status(IEnumerable<ConfigResource> all, SnapshotHolder snapshots) =>
        new(() => snapshots.Current with { Config = all.ToImmutableSortedDictionary(r => r.Key, r => r) });

    private static async Task<IResult> FindAsync(
        HttpContext context, IGrainFactory grains, SnapshotHolder snapshots, string kind, string ns, string name)
    {
        var key = new ConfigKey(kind, ns, name).ToString();
        var documents = await Config(grains).GetDocumentsAsync(context.RequestAborted);
        var json = documents.FirstOrDefault(d => d.Key == key)?.Json;
        if (json is null || !context.Rights().Sees(ns)) return Problems.NotFound($"There is no {key}.");
        var resource = ConfigJson.Read(json);
        var status = Status(documents.Select(d => ConfigJson.Read(d.Json)), snapshots);
        return WantsYaml(context)
            ? Results.Text(status.AddToYaml(ManifestText.ToYaml(resource), resource), Yaml)
            : Results.Text(status.AddToJson(json, resource), "application/json");
    }

    private static void Note(HttpContext context, ApplyResult result, bool dryRun)
    {
        if (dryRun) context.Features.Set(new NotAudited("it was only asked what would be"));
        else if (result is ApplyResult.Accepted accepted) context.Features.Set(new AuditedRevision(accepted.Revision));
    }

    private static IResult Answer(ApplyResult result, ImmutableArray<ProblemError> warnings) => result switch
    {
        ApplyResult.Accepted(var revision, var changes) =>
            Results.Json(new ApplyAnswer(revision, [.. changes.Select(ChangeRow.From)], warnings), ApiJson.Options),
        ApplyResult.Unchanged(var revision) => Results.Json(new ApplyAnswer(revision, [], warnings), ApiJson.Options),
        ApplyResult.Conflict(var revision) => Problems.Conflict(
            $"The configuration is at revision {revision}; read it again and apply to that (If-Match: \"{revision}\")."),
        ApplyResult.Missing(var key) => Problems.NotFound($"There is no {key}."),
        _ => throw new InvalidOperationException($"Unknown result {result.GetType().Name}."),
    };

    private static bool TryReadIfMatch(HttpContext context, out long? revision)
    {
        revision = null;
        var text = context.Request.Headers.IfMatch.ToString().Trim('"');
        if (text.Length == 0 || text == "*") return true;
        if (!long.TryParse(text, out var number) || number < 0) return false;
        revision = number;
        return true;
    }

    private static bool WantsYaml(HttpContext context) =>
        context.Request.Headers.Accept.ToString().Contains("yaml", StringComparison.OrdinalIgnoreCase);

    private static IMeshConfigGrain Config(IGrainFactory grains) => grains.GetGrain<IMeshConfigGrain>(MeshKeys.Default);

    private sealed record ApplyAnswer(
        long Revision, ImmutableArray<ChangeRow> Changes, ImmutableArray<ProblemError> Warnings);

    private sealed record ResourceRow(string Kind, string Namespace, string Name, long CreatedRevision, string Status);
}
