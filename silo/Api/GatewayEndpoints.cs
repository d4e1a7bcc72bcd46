using MeshOrleans.Grains;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Silo.Access;

namespace MeshOrleans.Silo.Api;

/// <summary><c>/v1/gateways</c>: the gateway processes that live.</summary>
internal static class GatewayEndpoints
{
    public static void MapGateways(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/gateways", ListAsync).RequireRole(Role.Viewer);

    private static async Task<IResult> ListAsync(HttpContext context, IGrainFactory grains)
    {
        var directory = grains.GetGrain<IGatewayDirectoryGrain>(MeshKeys.Default);
        var listing = await directory.ListAsync(context.RequestAborted);
        return Results.Json(listing.Gateways.Select(GatewayRow.From), ApiJson.Options);
    }

    private sealed record GatewayRow(string Name, GatewayPlaces Addresses, int Streams, double LastHeardSeconds)
    {
        public static GatewayRow From(GatewayView view) => new(
            view.Beat.Name,
            new GatewayPlaces(view.Beat.XdsAddress, view.Beat.ApiAddress),
            view.Beat.Streams,
            Math.Round(view.LastHeard.TotalSeconds, 3));
    }

    private sealed record GatewayPlaces(string Xds, string Api);
}
