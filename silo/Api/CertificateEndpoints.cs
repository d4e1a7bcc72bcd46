using MeshOrleans.Grains;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Multicluster.Workloads;
using MeshOrleans.Multicluster.Workloads.Attesting;
using MeshOrleans.Silo.Access;
using MeshOrleans.Xds.Gateway.Snapshots;

namespace MeshOrleans.Silo.Api;

/// <summary>Certificates and identities: sign a CSR for whoever proved who he is, list, rotate.</summary>
internal static class CertificateEndpoints
{
    public static void MapCertificates(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/trust-bundle", BundleAsync).AllowEverybody("roots are public, and who joins has nothing else yet");
        routes.MapGet("/v1/trust-bundles", Bundles).RequireCredential();
        routes.MapPost("/v1/certificates", SignAsync).RequireCredentialOrProof();
        routes.MapGet("/v1/identities", List).RequireRole(Role.Viewer);
        routes.MapPost("/v1/identities/rotate", MassRotation.RunAsync).RequireAdmin();
        routes.MapPost("/v1/identities/{**spiffeId}", RotateAsync).RequireAdmin();
    }

    private static IResult List(HttpContext context, IdentityListing listing)
    {
        var rights = context.Rights();
        return Results.Json(listing.All().Where(row => IsSeen(rights, row.SpiffeId)), ApiJson.Options);
    }

    private static bool IsSeen(AccessRights rights, string spiffeId) =>
        rights.HasForMesh(Role.Viewer)
        || (SpiffeId.TryParse(spiffeId, out var id) && id.Namespace is { } ns && rights.Sees(ns));

    private static async Task<IResult> BundleAsync(HttpContext context, IGrainFactory grains)
    {
        var bundle = await Authority(grains).GetBundleAsync(context.RequestAborted);
        return Results.Json(
            new TrustBundleAnswer(bundle.TrustDomain, bundle.RootsPem, bundle.Sequence), ApiJson.Options);
    }

    /// <summary>The roots that members trust, of this mesh and of those it is linked to.</summary>
    private static IResult Bundles(HttpContext context, SnapshotHolder snapshots)
    {
        if (context.Caller() is Caller.Bearer)
        {
            return Problems.Unauthenticated("The bearer is neither a join token nor the admin token.");
        }

        if (!snapshots.IsSynced) return Problems.Of(503, "Not ready.", "The mesh is not known here yet.");
        var bundles = snapshots.Current.Bundles.Values;
        return Results.Json(
            bundles.Select(b => new TrustBundleAnswer(b.TrustDomain.Name, b.RootsPem, b.Sequence) { Crls = b.CrlsPem }),
            ApiJson.Options);
    }

    private static async Task<IResult> SignAsync(
        HttpContext context,
        IGrainFactory grains,
        Attestors attestors,
        CertificateIssuer issuer,
        JoinAdmission admission)
    {
        var caller = context.Caller();
        if (caller is Caller.Anonymous && !context.Request.HasJsonContentType()) return ApiAuthorization.NoCredential();
        var (body, problem) = await ApiJson.ReadAsync<SignBody>(context);
        if (body is null) return problem!;
        if (caller is Caller.Anonymous && body.Ended is null) return ApiAuthorization.NoCredential();
        if (!CsrPem.TryRead(body.Csr, out var csr))
        {
            return Problems.BadField("csr", "must be one PEM block CERTIFICATE REQUEST");
        }

        if (body.Node.Length > 0 && !NodeName.IsId(body.Node))
        {
            return Problems.BadField("node", $"must be 1 to {NodeName.MaxLength} printable characters; leave it out for none");
        }

        if (body.LifetimeSeconds is < 1) return Problems.BadField("lifetimeSeconds", "must be 1 or more; leave it out for the default");

        var evidence = caller.Evidence;
        if (body.Ended is { } ended)
        {
            if (caller is not Caller.Anonymous)
            {
                return Problems.BadField("ended", "cannot stand beside a bearer or a client certificate: present one of them");
            }

            if (body.LifetimeSeconds is not null)
            {
                return Problems.BadField("lifetimeSeconds", "cannot stand beside ended, whose signature does not cover it");
            }

            if (!EndedEvidence.TryRead(ended.Chain, [.. csr], ended.Signature, out var read, out var fault))
            {
                return Problems.BadField($"ended.{fault.Field}", fault.Message);
            }

            evidence = read;
        }

        if (evidence is null)
        {
            return Problems.Forbidden("A certificate is signed for whoever proves who it is itself, and not on anybody's behalf.");
        }

        // The identity comes from what is presented alone; whatever the CSR claims is never looked at.
        var order = new CertificateOrder
        {
            Evidence = evidence,
            Examined = await attestors.ExamineAsync(evidence, context.RequestAborted),
            Use = new EvidenceUse("POST /v1/certificates", JoinTokens.ClaimOf(body.Csr, body.Node)),
            Csr = [.. csr],
            Node = body.Node,
            Lifetime = body.LifetimeSeconds is { } seconds ? TimeSpan.FromSeconds(Math.Min(seconds, 365 * 86400)) : null,
        };
        return await admission.InTurnAsync(context, async () =>
        {
            var bundle = await Authority(grains).GetBundleAsync(context.RequestAborted);
            var domain = TrustDomain.Parse(bundle.TrustDomain);
            var issuance = await issuer.IssueAsync(order, domain, context.RequestAborted);
            return ResultOf(context, issuance, order.Lifetime);
        });
    }

    private static IResult ResultOf(HttpContext context, Issuance issuance, TimeSpan? lifetime) => issuance switch
    {
        Issuance.Issued(_, var chain, var view) => Results.Json(
            new CertificateAnswer(chain, view.Serial, view.NotAfter, view.RotateAt, NoteOn(lifetime, view)),
            ApiJson.Options,
            statusCode: 201),
        Issuance.Invalid(var reason) => Problems.BadField("csr", reason),
        Issuance.TooOften(var retryAfter) => Problems.TooOften(context, Issuance.TooOften.Reason, retryAfter),
        Issuance.Denied(Attestation.Refused(var reason, _)) => Problems.Unauthenticated(reason),
        Issuance.Denied(Attestation.Contradicted(var reason)) => Problems.Forbidden(reason),
        Issuance.Denied(Attestation.Unavailable(var reason, var retryAfter)) =>
            Problems.Unavailable(context, reason, retryAfter),
        var other => throw new InvalidOperationException($"Unknown result {other}."),
    };

    // Certificates tell whole seconds.
    private static string? NoteOn(TimeSpan? asked, CertificateView view) =>
        asked is { } lifetime && view.IssuedAt is { } issued && issued + lifetime - view.NotAfter >= TimeSpan.FromSeconds(2)
            ? $"The lifetime asked for, {lifetime}, was cut: the certificate ends at {view.NotAfter:u}. More than "
                + "--max-certificate-lifetime, or than the authority itself lasts, is not granted."
            : null;

    private static async Task<IResult> RotateAsync(HttpContext context, IGrainFactory grains, string spiffeId)
    {
        const string Suffix = "/rotate";
        var text = Uri.UnescapeDataString(spiffeId);
        if (!text.EndsWith(Suffix, StringComparison.Ordinal))
        {
            return Problems.NotFound("POST …/rotate is the only call here.");
        }

        if (!SpiffeId.TryParse(text.AsSpan(0, text.Length - Suffix.Length), out var id))
        {
            return Problems.BadField(
                "spiffeId", "is not a SPIFFE ID; write spiffe://domain/ns/N/sa/S, percent-encoded or not");
        }

        var count = await grains.GetGrain<IIdentityGrain>(id.ToString()).RotateAsync(context.RequestAborted);
        return count == 0
            ? Problems.NotFound($"No certificate is in use under {id}.")
            : Results.Json(new { identity = id.ToString(), due = count }, ApiJson.Options, statusCode: 202);
    }

    private static ICertificateAuthorityGrain Authority(IGrainFactory grains) =>
        grains.GetGrain<ICertificateAuthorityGrain>(MeshKeys.Default);

    private sealed record SignBody(
        string Csr = "", string Node = "", double? LifetimeSeconds = null, EndedBody? Ended = null);

    /// <summary>What proves a caller whose certificate has ended (<see cref="EndedCertificateProof"/>).</summary>
    private sealed record EndedBody(string Chain = "", string Signature = "");
}
