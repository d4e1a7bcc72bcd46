namespace MeshOrleans.Silo.Api;

/// <summary>Denies by default: a call of the API that does not say what it asks of its caller is answered to nobody.</summary>
internal sealed class UndeclaredMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context) =>
        context.GetEndpoint() is { } endpoint
        && context.Request.Path.StartsWithSegments("/v1")
        && endpoint.Metadata.GetMetadata<AccessDemand>() is null
            ? Problems.Forbidden("This call does not say who may make it, so nobody may.").ExecuteAsync(context)
            : next(context);
}
