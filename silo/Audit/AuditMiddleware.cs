using MeshOrleans.Grains.Audit;
using MeshOrleans.Multicluster.Workloads;
using MeshOrleans.Silo.Api;
using MeshOrleans.Xds.Gateway;

namespace MeshOrleans.Silo.Audit;

/// <summary>The revision that a request has made, for the audit trail.</summary>
internal sealed record AuditedRevision(long Number);

/// <summary>Marks a call that is not part of the audit trail although it is no GET.</summary>
/// <param name="Why">Why not.</param>
internal sealed record NotAudited(string Why);

/// <summary>
/// Notes every change that was asked for, also one that was refused to somebody known. What members do about themselves with
/// their own credentials is not part of it: a lease is renewed every few seconds.
/// </summary>
internal sealed class AuditMiddleware(RequestDelegate next, AuditTrail trail, TimeProvider clock, GatewayName gateway)
{
    public async Task InvokeAsync(HttpContext context)
    {
        await next(context);
        var request = context.Request;
        if (HttpMethods.IsGet(request.Method)
            || context.GetEndpoint()?.Metadata.GetMetadata<NotAudited>() is not null
            || context.Features.Get<NotAudited>() is not null
            || context.Features.Get<Caller>() is not { Rights.Grants.IsEmpty: false } caller)
        {
            return;
        }

        trail.Note(new AuditEntry(
            0,
            clock.GetUtcNow(),
            caller.Name,
            $"{context.Connection.RemoteIpAddress}",
            request.Method,
            Names.ForLog(request.Path.ToString()),
            context.Response.StatusCode,
            context.Features.Get<AuditedRevision>()?.Number,
            gateway.Value));
    }
}
