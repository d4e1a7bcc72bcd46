using System.Collections.Immutable;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Multicluster.Federation;
using MeshOrleans.Multicluster.Workloads;
using MeshOrleans.Silo.Access;
using MeshOrleans.Xds.Gateway.Snapshots;

namespace MeshOrleans.Silo.Api;

/// <summary><c>/v1/peers</c> for operators, <c>/v1/federation</c> for the other meshes' control planes.</summary>
internal static class PeerEndpoints
{
    // The time of the last reading is published at most every half minute while nothing changes.
    private static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(1.5);

    public static void MapPeers(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/peers", List).RequireRoleForMesh(Role.Viewer);
        routes.MapPost("/v1/peers", LinkAsync).RequireAdmin();
        routes.MapDelete("/v1/peers/{name}", RemoveAsync).RequireAdmin();
        routes.MapPost("/v1/federation/links", AcceptAsync).RequireCredential();
        routes.MapGet("/v1/federation/exports", ExportAsync).RequireCredential();
    }

    private static IResult List(SnapshotHolder snapshots, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        var exported = ExportCatalog.Of(snapshots.Current).Select(s => $"{s.Namespace}/{s.Name}").ToImmutableArray();
        return Results.Json(
            snapshots.Current.Peers.Values.Select(peer => RowOf(peer, exported, now)), ApiJson.Options);
    }

    private static PeerRow RowOf(PeerRecord peer, ImmutableArray<string> exported, DateTimeOffset now)
    {
        var age = now - peer.LastSync;
        var status = peer.Error is not null || age > StaleAfter ? "STALE" : age is null ? "PENDING" : "SYNCED";
        return new PeerRow(
            peer.Name,
            peer.TrustDomain,
            peer.Address,
            status,
            peer.LastSync,
            age?.TotalSeconds,
            peer.Error,
            peer.Imported,
            exported);
    }

    private static async Task<IResult> LinkAsync(HttpContext context, Peering peering)
    {
        var (body, problem) = await ApiJson.ReadAsync<PeerRequest>(context);
        if (body is null) return problem!;
        context.Concerns($"{body.Name} at {body.Address}");
        if (!TrustDomain.TryParse(body.Name, out _))
        {
            return Problems.BadField("name", "must be made of a-z, 0-9, '.', '-' and '_'");
        }

        if (!JoinToken.TryParse(body.Token, out var token))
        {
            return Problems.BadField(
                "token", "is not a token; mint one at the other mesh: POST /v1/tokens {\"purpose\":\"peer\"}");
        }

        if (!PeerAddress.IsValid(body.Address))
        {
            return Problems.BadField("address", "must be host:port of the other control plane's TLS port (15012)");
        }

        return await peering.LinkAsync(body.Name, body.Address, token, context.RequestAborted) switch
        {
            PeeringOutcome.Linked(var name, var domain) =>
                Results.Json(new { name, trustDomain = domain }, ApiJson.Options, statusCode: 201),
            PeeringOutcome.Refused(var reason) => Problems.Of(409, "The meshes are not linked.", reason),
            var other => throw new InvalidOperationException($"Unknown outcome {other.GetType().Name}."),
        };
    }

    private static async Task<IResult> RemoveAsync(HttpContext context, Peering peering, string name) =>
        await peering.RemoveAsync(name, context.RequestAborted)
            ? Results.NoContent()
            : Problems.NotFound($"There is no peer '{name}'.");

    private static async Task<IResult> AcceptAsync(HttpContext context, Peering peering, JoinTokens tokens)
    {
        if (context.Caller() is not Caller.TokenHolder(var token))
        {
            return Problems.Unauthenticated("A peer token is needed.");
        }

        var (body, problem) = await ApiJson.ReadAsync<LinkRequest>(context);
        if (body is null) return problem!;
        var (grant, refusal) = await tokens.RedeemAsync(
            token, JoinTokens.PeerPurpose, $"mesh {body.TrustDomain}", claim: "", context.RequestAborted);
        if (grant is null) return Problems.Unauthenticated(refusal);
        return await peering.AcceptAsync(body, context.RequestAborted) switch
        {
            PeeringOutcome.Accepted(var answer) => Results.Json(answer, ApiJson.Options, statusCode: 201),
            PeeringOutcome.Refused(var reason) => Problems.Conflict(reason),
            var other => throw new InvalidOperationException($"Unknown outcome {other.GetType().Name}."),
        };
    }

    private static async Task<IResult> ExportAsync(HttpContext context, Peering peering) =>
        context.Caller() is Caller.Bearer(var credential)
        && await peering.ExportAsync(credential, context.RequestAborted) is { } exports
            ? Results.Json(exports, ApiJson.Options)
            : Problems.Unauthenticated("No link of this mesh has that credential.");

    private sealed record PeerRequest(string Name = "", string Address = "", string Token = "")
    {
        public override string ToString() => $"PeerRequest {{ Name = {Name}, Address = {Address} }}";
    }

    private sealed record PeerRow(
        string Name,
        string TrustDomain,
        string Address,
        string Status,
        DateTimeOffset? LastSync,
        double? AgeSeconds,
        string? Error,
        ImmutableArray<string> Imported,
        ImmutableArray<string> Exported);
}
