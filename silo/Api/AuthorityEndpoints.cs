using System.Collections.Immutable;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Silo.Access;

namespace MeshOrleans.Silo.Api;

/// <summary><c>/v1/ca</c>: how the mesh's certificate authority stands, and the replacement of its root.</summary>
internal static class AuthorityEndpoints
{
    public static void MapAuthority(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/ca", FindAsync).RequireRoleForMesh(Role.Viewer);
        routes.MapPost("/v1/ca/rotate", RotateAsync).RequireAdmin();
        routes.MapDelete("/v1/ca/rotate", TurnBackAsync).RequireAdmin();
    }

    private static async Task<IResult> FindAsync(HttpContext context, IGrainFactory grains) =>
        Results.Json(AuthorityAnswer.Of(await Authority(grains).DescribeAsync(context.RequestAborted)), ApiJson.Options);

    private static async Task<IResult> RotateAsync(HttpContext context, IGrainFactory grains) =>
        AnswerTo(await Authority(grains).RotateAsync(context.RequestAborted));

    private static async Task<IResult> TurnBackAsync(HttpContext context, IGrainFactory grains) =>
        AnswerTo(await Authority(grains).TurnBackAsync(context.RequestAborted));

    private static IResult AnswerTo(RotationResult result) => result.Reason is { } reason
        ? Problems.Conflict(reason)
        : Results.Json(AuthorityAnswer.Of(result.View), ApiJson.Options, statusCode: 202);

    private static ICertificateAuthorityGrain Authority(IGrainFactory grains) =>
        grains.GetGrain<ICertificateAuthorityGrain>(MeshKeys.Default);

    private sealed record AuthorityAnswer(
        string Phase,
        DateTimeOffset? Since,
        DateTimeOffset? NextStepAt,
        long Sequence,
        ImmutableArray<RootAnswer> Roots,
        AudienceAnswer Proxies,
        ImmutableArray<string> Missed,
        int MissedCount)
    {
        public static AuthorityAnswer Of(AuthorityView view) => new(
            view.Phase.ToString().ToLowerInvariant(),
            view.Since,
            view.StepAt,
            view.Sequence,
            [.. view.Roots.Select(r => new RootAnswer(
                r.Fingerprint, r.Subject, r.NotBefore, r.NotAfter, r.Signs, r.SignsUntil, r.RenewsItself))],
            new AudienceAnswer(
                view.Audience.Holding, view.Audience.LaggingCount, view.Audience.Lagging, view.Audience.IsComplete),
            view.Missed,
            view.MissedCount);
    }

    private sealed record RootAnswer(
        string Fingerprint,
        string Subject,
        DateTimeOffset NotBefore,
        DateTimeOffset NotAfter,
        bool Signs,
        DateTimeOffset? SignsUntil,
        bool RenewsItself);

    private sealed record AudienceAnswer(int Holding, int Lagging, ImmutableArray<string> LaggingNodes, bool IsComplete);
}
