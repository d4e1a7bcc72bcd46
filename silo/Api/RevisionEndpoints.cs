using System.Collections.Immutable;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Config;
using MeshOrleans.Silo.Access;

namespace MeshOrleans.Silo.Api;

/// <summary><c>/v1/revisions</c>: who changed what, when and why.</summary>
internal static class RevisionEndpoints
{
    private const int DefaultCount = 50;
    private const int MaxCount = 500;

    public static void MapRevisions(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/revisions", ListAsync).RequireRoleForMesh(Role.Viewer);
        routes.MapGet("/v1/revisions/{n:long}", FindAsync).RequireRole(Role.Viewer);
    }

    private static async Task<IResult> ListAsync(
        HttpContext context, IGrainFactory grains, long before = 0, int count = DefaultCount)
    {
        if (count is < 1 or > MaxCount) return Problems.BadField("count", $"must be between 1 and {MaxCount}");
        if (before < 0) return Problems.BadField("before", "must not be negative");
        var revisions = await Config(grains).ListRevisionsAsync(before, count, context.RequestAborted);
        return Results.Json(
            revisions.Select(r => new RevisionRow(r.Number, r.Time, r.Author, r.Reason)), ApiJson.Options);
    }

    private static async Task<IResult> FindAsync(HttpContext context, IGrainFactory grains, long n)
    {
        if (await Config(grains).FindRevisionAsync(n, context.RequestAborted) is { } revision)
        {
            ImmutableArray<ChangeRow> seen =
                [.. revision.Changes.Select(ChangeRow.From).Where(change => context.Rights().Sees(change.Namespace))];

            // one that changed nothing that the caller sees is none to it
            if (!seen.IsEmpty || context.Rights().HasForMesh(Role.Viewer))
            {
                var reason = seen.Length == revision.Changes.Length ? revision.Reason : ""; // it may be about the others
                return Results.Json(
                    new RevisionAnswer(revision.Number, revision.Time, revision.Author, reason, seen), ApiJson.Options);
            }
        }

        return Problems.NotFound($"There is no revision {n}.");
    }

    private static IMeshConfigGrain Config(IGrainFactory grains) => grains.GetGrain<IMeshConfigGrain>(MeshKeys.Default);

    private sealed record RevisionRow(long Revision, DateTimeOffset Time, string Author, string Reason);

    private sealed record RevisionAnswer(
        long Revision, DateTimeOffset Time, string Author, string Reason, ImmutableArray<ChangeRow> Changes);
}

/// <summary>One resource within a change set, as the API tells it.</summary>
internal sealed record ChangeRow(string Kind, string Namespace, string Name, string Change)
{
    public static ChangeRow From(ConfigChange change)
    {
        var key = Model.Config.ConfigKey.Parse(change.Key);
        return new ChangeRow(key.Kind, key.Namespace, key.Name, change.Kind.ToString().ToLowerInvariant());
    }
}
