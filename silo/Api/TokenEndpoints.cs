using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Identity;
using MeshOrleans.Multicluster.Workloads;
using MeshOrleans.Silo.Access;

namespace MeshOrleans.Silo.Api;

/// <summary><c>POST /v1/tokens</c>: one-time join tokens.</summary>
internal static class TokenEndpoints
{
    private static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(7);

    public static void MapTokens(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/tokens", MintAsync).RequireRole(Role.Registrar);

    private static async Task<IResult> MintAsync(
        HttpContext context, JoinTokens tokens, JoinAdmission admission, TimeProvider clock)
    {
        var (body, problem) = await ApiJson.ReadAsync<TokenRequest>(context);
        if (body is null) return problem!;
        context.Concerns(body.Purpose == JoinTokens.PeerPurpose
            ? "a link to another mesh"
            : $"{body.Namespace}/{body.ServiceAccount}" + (body.Node.Length > 0 ? $" at node {body.Node}" : ""));
        if (body.Purpose is not (JoinTokens.WorkloadPurpose or JoinTokens.PeerPurpose))
        {
            return Problems.BadField("purpose", "must be 'workload' or 'peer'");
        }

        // a link to another mesh is nothing of a namespace
        var (caller, rights) = (context.Caller(), context.Rights());
        if (body.Purpose == JoinTokens.PeerPurpose && !rights.HasForMesh(Role.Admin)) return caller.LacksForMesh(Role.Admin);
        if (!ResourceName.IsDnsLabel(body.Namespace)) return Problems.BadField("namespace", "must be a DNS label");
        if (!ResourceName.IsDnsSubdomain(body.ServiceAccount)) return Problems.BadField("serviceAccount", "must be a DNS name");

        if (ControlPlaneIdentity.Is(body.Namespace, body.ServiceAccount))
        {
            return Problems.BadField("serviceAccount", "is the control plane's own: no workload gets a certificate of it");
        }

        if (!rights.Has(Role.Registrar, body.Namespace)) return caller.Lacks(Role.Registrar, body.Namespace);
        if (await context.LacksRolesOfAsync(body.Namespace, body.ServiceAccount) is { } refusal) return refusal;
        if (body.Node.Length > 0 && !ResourceName.IsDnsSubdomain(body.Node))
        {
            return Problems.BadField("node", "must be a DNS name");
        }

        if (body.Node.Length > 0 && body.Purpose != JoinTokens.WorkloadPurpose)
        {
            return Problems.BadField("node", "is for purpose 'workload' only");
        }

        var lifetime = TimeSpan.FromSeconds(Math.Clamp(body.LifetimeSeconds, 0, MaxLifetime.TotalSeconds + 1));
        if (lifetime <= TimeSpan.Zero || lifetime > MaxLifetime)
        {
            return Problems.BadField("lifetimeSeconds", $"must be above 0 and at most {MaxLifetime.TotalSeconds:F0}");
        }

        var expiresAt = clock.GetUtcNow() + lifetime;
        var node = body.Node.Length > 0 ? $"{body.Namespace}/{body.Node}" : null;
        var grant = new JoinTokenGrant(body.Purpose, body.Namespace, body.ServiceAccount, body.Group, expiresAt, node);
        return await admission.InTurnAsync(context, async () =>
        {
            var token = await tokens.MintAsync(grant, context.RequestAborted);
            return Results.Json(
                new TokenAnswer(token.Reveal(), expiresAt, body.Namespace, body.ServiceAccount),
                ApiJson.Options,
                statusCode: 201);
        });
    }

    private sealed record TokenRequest(
        string Purpose = JoinTokens.WorkloadPurpose,
        string Namespace = "default",
        string ServiceAccount = "default",
        string Group = "",
        string Node = "",
        double LifetimeSeconds = 3600);

    private sealed record TokenAnswer(string Token, DateTimeOffset ExpiresAt, string Namespace, string ServiceAccount)
    {
        public override string ToString() => nameof(TokenAnswer);
    }
}
