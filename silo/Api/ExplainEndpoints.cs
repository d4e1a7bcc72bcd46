using MeshOrleans.Silo.Access;
using MeshOrleans.Silo.Audit;
using MeshOrleans.Silo.Explanations;
using MeshOrleans.Xds.Gateway.Snapshots;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// <c>POST /v1/explain</c>: what would become of one request, and everything that was considered on its way. By the
/// snapshot that this gateway pushes from, whether proxies have acknowledged it or not. Nothing is sent.
/// </summary>
internal static class ExplainEndpoints
{
    public static void MapExplain(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/explain", ExplainAsync).RequireRoleForMesh(Role.Viewer).WithMetadata(new NotAudited("it changes nothing"));

    private static async Task<IResult> ExplainAsync(
        HttpContext context, SnapshotHolder snapshots, ExplainTurns turns, TimeProvider clock)
    {
        var (body, problem) = await ApiJson.ReadAsync<ExplainRequest>(context);
        if (body is null) return problem!;
        if (!snapshots.IsSynced) return Problems.Of(503, "Not ready.", "This gateway has not loaded the mesh yet.");
        var snapshot = snapshots.Current;
        var (call, errors) = new CallReader(snapshot).Read(body);
        if (call is null)
        {
            return Problems.Of(400, "The request is refused.", $"{errors[0].Path}: {errors[0].Message}", errors);
        }

        using var turn = await turns.TakeAsync(context.RequestAborted);
        return new RequestExplainer(snapshot, clock).Explain(call, out var refusal) is { } explanation
            ? Results.Json(explanation, ApiJson.Options)
            : Problems.Conflict(
                $"The client's sidecar refuses its configuration, and goes on with what it had: {refusal}");
    }
}
