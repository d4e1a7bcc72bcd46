using MeshOrleans.Grains.Audit;
using MeshOrleans.Multicluster.Workloads;
using MeshOrleans.Silo.Api;
using MeshOrleans.Silo.Hosting;
using MeshOrleans.Xds.Gateway;

namespace MeshOrleans.Silo.Audit;

/// <summary>The revision that a request has made, for the audit trail.</summary>
internal sealed record AuditedRevision(long Number);

/// <summary>What a request is about where its path does not say it, for the audit trail; never a secret.</summary>
/// <param name="Text">Whatever its caller has sent: it is cleaned and cut when it is noted.</param>
internal sealed record AuditedSubject(string Text);

/// <summary>Marks a call that is not part of the audit trail although it is no GET.</summary>
/// <param name="Why">Why not.</param>
internal sealed record NotAudited(string Why);

/// <summary>
/// Notes every change that was asked for, also one that was refused to somebody known, who need not have a role. What members do about
/// themselves with their own credentials is not part of it: a lease is renewed every few seconds. Of what ended in a failure nobody knows
/// whether it was done: it is noted as 499 (the caller has left), 503 (the store or a silo was away) or 500.
/// </summary>
internal sealed class AuditMiddleware(RequestDelegate next, AuditTrail trail, TimeProvider clock, GatewayName gateway)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            Note(context, StatusOf(exception, context));
            throw;
        }

        Note(context, context.Response.StatusCode);
    }

    private static int StatusOf(Exception exception, HttpContext context) => exception switch
    {
        OperationCanceledException when context.RequestAborted.IsCancellationRequested =>
            StatusCodes.Status499ClientClosedRequest,
        OperationCanceledException => StatusCodes.Status503ServiceUnavailable,
        _ when PassingFailure.Is(exception) => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    private void Note(HttpContext context, int status)
    {
        var request = context.Request;
        if (HttpMethods.IsGet(request.Method)
            || status == StatusCodes.Status429TooManyRequests
            || context.GetEndpoint()?.Metadata.GetMetadata<NotAudited>() is not null
            || context.Features.Get<NotAudited>() is not null
            || context.Features.Get<Caller>() is not { } caller)
        {
            return;
        }

        var isStranger = caller.Rights.Grants.IsEmpty;
        if (isStranger && !(caller is Caller.Member or Caller.User && IsBeyond(context, status))) return;

        trail.Note(new AuditEntry(
            0,
            clock.GetUtcNow(),
            caller.Name,
            $"{context.Connection.RemoteIpAddress}",
            request.Method,
            Printable.ForLog(request.Path.ToString()),
            status,
            context.Features.Get<AuditedRevision>()?.Number,
            gateway.Value,
            Printable.ForLog(context.Features.Get<AuditedSubject>()?.Text ?? "", AuditEntry.MaxSubject)), isStranger);
    }

    // What a member asks for that is not its own to do: a call for roles, or about another member. One that it would remove is not there to
    // it, as its own is not when it has gone already: that is noted too.
    private static bool IsBeyond(HttpContext context, int status) =>
        context.GetEndpoint()?.Metadata.GetMetadata<AccessDemand>() is AccessDemand.OfRole
        || status == StatusCodes.Status403Forbidden
        || (status == StatusCodes.Status404NotFound && HttpMethods.IsDelete(context.Request.Method));
}
