using MeshOrleans.Silo.Hosting;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// Each port answers what it is for and nothing else: what it is not for looks as if it did not exist.
/// </summary>
internal sealed class ListenerMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (IsServedBy(Listeners.Of(context), context.Request.Path)) return next(context);
        return Problems.NotFound("This port does not answer that; see --help for the ports.").ExecuteAsync(context);
    }

    /// <summary>Whether a path is one of health, metrics or debugging.</summary>
    public static bool IsMonitoring(PathString path) =>
        path == "/metrics" || path.StartsWithSegments("/healthz") || path.StartsWithSegments("/debug");

    private static bool IsServedBy(ListenerKind kind, PathString path)
    {
        var isApi = path.StartsWithSegments("/v1");
        var isMonitoring = IsMonitoring(path);
        return kind switch
        {
            ListenerKind.Api => isApi || path.StartsWithSegments("/healthz"),
            ListenerKind.Monitoring => isMonitoring,
            ListenerKind.Xds => !isMonitoring,
            ListenerKind.XdsPlain => !isApi && !isMonitoring,
            _ => false,
        };
    }
}
