using MeshOrleans.Grains;
using MeshOrleans.Grains.Audit;
using MeshOrleans.Silo.Api;

namespace MeshOrleans.Silo.Audit;

/// <summary><c>GET /v1/audit</c>: who asked for which change, newest first. For the admin only.</summary>
internal static class AuditEndpoints
{
    private const int DefaultCount = 50;
    private const int MaxCount = 1000;

    public static void MapAudit(this IEndpointRouteBuilder routes) => routes.MapGet("/v1/audit", ListAsync).RequireAdmin();

    private static async Task<IResult> ListAsync(
        HttpContext context, IGrainFactory grains, AuditTrail trail, long before = 0, int count = DefaultCount)
    {
        if (count is < 1 or > MaxCount) return Problems.BadField("count", $"must be between 1 and {MaxCount}");
        if (before < 0) return Problems.BadField("before", "must not be negative");
        await trail.FlushAsync(context.RequestAborted); // whoever asks right after a change finds it
        var entries = await grains.GetGrain<IAuditGrain>(MeshKeys.Default).ListAsync(before, count, context.RequestAborted);
        return Results.Json(entries, ApiJson.Options);
    }
}
