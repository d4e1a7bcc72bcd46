using MeshOrleans.Grains;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Silo.Access;
using MeshOrleans.Xds.Gateway.Snapshots;

namespace MeshOrleans.Silo.Api;

/// <summary><c>/v1/ca/revocations</c> and <c>/v1/ca/crl</c>: certificates that are not to be believed any more.</summary>
internal static class RevocationEndpoints
{
    public static void MapRevocation(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/ca/revocations", ListAsync).RequireRoleForMesh(Role.Viewer);
        routes.MapPost("/v1/ca/revocations/{serial}", RevokeAsync).RequireAdmin(); // so that the audit trail names it
        routes.MapGet("/v1/ca/crl", Lists).AllowEverybody("lists of revoked certificates are public, as roots are");
    }

    private static async Task<IResult> ListAsync(HttpContext context, IGrainFactory grains)
    {
        var all = await Authority(grains).ListRevokedAsync(context.RequestAborted);
        return Results.Json(all.Select(RevocationAnswer.Of), ApiJson.Options);
    }

    /// <summary>Every list that proxies are given, as one PEM text; empty while there are none.</summary>
    private static IResult Lists(SnapshotHolder snapshots)
    {
        if (!snapshots.IsSynced) return Problems.Of(503, "Not ready.", "The mesh is not known here yet.");
        var lists = snapshots.Current.LocalBundle?.CrlsPem ?? [];
        return Results.Text(
            string.Concat(lists.Select(pem => pem.EndsWith('\n') ? pem : pem + "\n")), "application/x-pem-file");
    }

    private static async Task<IResult> RevokeAsync(
        HttpContext context,
        IGrainFactory grains,
        SnapshotHolder snapshots,
        string serial,
        string reason = "unspecified")
    {
        if (!SerialNumber.TryParse(serial, out var number))
        {
            return Problems.BadField("serial", "is no serial number: write it in hex, as GET /v1/identities shows it");
        }

        if (!RevocationReasonNames.TryParse(reason, out _))
        {
            return Problems.BadField("reason", $"must be one of {RevocationReasonNames.Sayable}");
        }

        var known = snapshots.Current.Identities.Values.FirstOrDefault(record => record.Serial == number);
        var request = new RevokeRequest(number, known?.SpiffeId ?? "", reason, known?.NotAfter);
        var result = await Authority(grains).RevokeAsync(request, context.RequestAborted);
        if (result.View is not { } view) return Problems.Conflict(result.Fault ?? "It cannot be revoked.");

        // Also when it was revoked before: whoever did it may have died in between.
        if (SpiffeId.TryParse(view.SpiffeId, out var id))
        {
            await grains.GetGrain<IIdentityGrain>(id.ToString()).ForgetAsync(number, context.RequestAborted);
        }

        return Results.Json(RevocationAnswer.Of(view), ApiJson.Options);
    }

    private static ICertificateAuthorityGrain Authority(IGrainFactory grains) =>
        grains.GetGrain<ICertificateAuthorityGrain>(MeshKeys.Default);

    /// <param name="Serial">The serial number.</param>
    /// <param name="SpiffeId">Whose it is; empty when no certificate in use has that number.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="RevokedAt">When.</param>
    /// <param name="NotAfter">When it would have ended: it is told of until seven days later.</param>
    private sealed record RevocationAnswer(
        string Serial, string SpiffeId, string Reason, DateTimeOffset RevokedAt, DateTimeOffset NotAfter)
    {
        public static RevocationAnswer Of(RevocationView view) =>
            new(view.Serial, view.SpiffeId, view.Reason, view.RevokedAt, view.NotAfter);
    }
}
