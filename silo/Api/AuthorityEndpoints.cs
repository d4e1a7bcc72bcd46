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
        routes.MapRevocation();
    }

    private static async Task<IResult> FindAsync(HttpContext context, IGrainFactory grains, IdentityListing identities)
    {
        var view = await Authority(grains).DescribeAsync(context.RequestAborted);
        return Results.Json(AuthorityAnswer.Of(view, WhomForceCutsOff(view, identities)), ApiJson.Options);
    }

    private static async Task<IResult> RotateAsync(
        HttpContext context, IGrainFactory grains, IdentityListing identities, string? force = null, long? sequence = null)
    {
        if (force is not null) context.Concerns($"force {force}");
        var authority = Authority(grains);
        if (force is null) return AnswerTo(await authority.RotateAsync(context.RequestAborted), []);
        if (PhaseOf(force) is not { } phase)
        {
            return Problems.BadField(
                "force",
                "'force' names the phase that it ends: 'publishing' (the next root signs, whoever has it) or 'retiring' (the root "
                + "that no longer signs leaves, and every certificate under it).");
        }

        // Whom it cuts off is of the very view that is forced: had the authority gone on meanwhile, it would refuse.
        var before = await authority.DescribeAsync(context.RequestAborted);
        var result = await authority.ForceAsync(phase, sequence ?? before.Sequence, context.RequestAborted);
        return AnswerTo(result, WhomForceCutsOff(before, identities));
    }

    private static AuthorityPhase? PhaseOf(string name) => name switch
    {
        "publishing" => AuthorityPhase.Publishing,
        "retiring" => AuthorityPhase.Retiring,
        _ => null, // 'true' above all: a call that is repeated would end the next phase too
    };

    private static async Task<IResult> TurnBackAsync(HttpContext context, IGrainFactory grains) =>
        AnswerTo(await Authority(grains).TurnBackAsync(context.RequestAborted), []);

    private static IResult AnswerTo(RotationResult result, ImmutableArray<string> cutOff) => result.Reason is { } reason
        ? Problems.Conflict(reason)
        : Results.Json(AuthorityAnswer.Of(result.View, cutOff), ApiJson.Options, statusCode: 202);

    /// <summary>
    /// The nodes that do not have the root that would sign; or those with a certificate under the one that would leave. Of a
    /// certificate from a former version nobody knows the root.
    /// </summary>
    private static ImmutableArray<string> WhomForceCutsOff(AuthorityView view, IdentityListing identities)
    {
        if (view.Phase is AuthorityPhase.Publishing) return view.Audience.Lagging;
        if (view.Phase is not AuthorityPhase.Retiring) return [];
        var leaving = view.Roots.Where(root => !root.Signs).Select(root => root.Fingerprint).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. identities.All()
                .Where(row => row.RemainingPercent > 0 && (row.Root.Length == 0 || leaving.Contains(row.Root)))
                .Select(row => row.Node),
        ];
    }

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
        int MissedCount,
        bool IsTurnedBack,
        ImmutableArray<string> Warnings,
        ImmutableArray<string> CutOff,
        int CutOffCount)
    {
        private const int MaxNames = 100;

        public static AuthorityAnswer Of(AuthorityView view, ImmutableArray<string> cutOff) => new(
            view.Phase.ToString().ToLowerInvariant(),
            view.Since,
            view.StepAt,
            view.Sequence,
            [.. view.Roots.Select(r => new RootAnswer(
                r.Fingerprint, r.Subject, r.NotBefore, r.NotAfter, r.Signs, r.SignsUntil, r.RenewsItself))],
            new AudienceAnswer(
                view.Audience.Holding, view.Audience.LaggingCount, view.Audience.Lagging, view.Audience.IsComplete),
            view.Missed,
            view.MissedCount,
            view.IsTurnedBack,
            view.Warnings.IsDefault ? [] : view.Warnings,
            [.. cutOff.Take(MaxNames)],
            cutOff.Length);
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
