using System.Net;
using MeshOrleans.Proxy.Sidecar.Logs;
using MeshOrleans.Proxy.Sidecar.Process;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Admin;

/// <summary>
/// Answers on the three doors. What changes something is POST, on the admin door, from this machine only, by who may read
/// the state directory.
/// </summary>
internal sealed class AdminHandler(
    AdminViews views, Readiness readiness, LogThreshold threshold, Lifetime lifetime, AdminToken token)
{
    private const string Help = """
        GET  /ready              200 when traffic can come; otherwise what is missing
        GET  /config_dump        accepted resources by type, with versions
        GET  /clusters           endpoints and their state
        GET  /certs              own certificate, trusted roots, credentials of a gateway
        GET  /listeners          open ports of a gateway
        GET  /stats              counters, one per line
        GET  /stats/prometheus   the same in Prometheus' format
        GET  /logging            log level; POST /logging?level=debug sets it
        POST /drain              stop taking part, keep running
        POST /quitquitquit       drain and exit
             POST needs the header  Authorization: Bearer TOKEN  (the file admin-token of the state directory):
             curl -X POST -H "Authorization: Bearer $(cat STATE-DIR/admin-token)" http://127.0.0.1:15000/drain

        """;

    public Task InvokeAsync(HttpContext context)
    {
        var role = context.Features.Get<ListenerMark>()?.Role ?? ListenerRole.Status;
        var path = context.Request.Path.Value ?? "";
        return role switch
        {
            ListenerRole.Admin when !IsLocal(context.Request) => TextAsync(context, 403, "only for this machine\n"),
            ListenerRole.Admin when HttpMethods.IsPost(context.Request.Method) =>
                token.IsIn(context.Request.Headers.Authorization.ToString())
                    ? ChangeAsync(context, path)
                    : UnprovedAsync(context),
            _ when !HttpMethods.IsGet(context.Request.Method) => TextAsync(context, 405, "GET only\n"),
            ListenerRole.Admin => ShowAsync(context, path),
            ListenerRole.Metrics =>
                path is "/stats/prometheus" or "/metrics" ? PrometheusAsync(context) : NotFoundAsync(context),
            _ => path switch
            {
                "/healthz/ready" => ReadyAsync(context),
                "/healthz/live" => TextAsync(context, 200, "live\n"),
                _ => NotFoundAsync(context),
            },
        };
    }

    // A web page must not reach in through the browser: neither under a name of its own (DNS rebinding) nor as a
    // foreign origin.
    private static bool IsLocal(HttpRequest request)
    {
        var host = request.Host.Host;
        var isLoopback = host == "localhost" || (IPAddress.TryParse(
            host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
        return isLoopback
            && !request.Headers.ContainsKey("Origin")
            && request.Headers["Sec-Fetch-Site"].ToString() is "" or "none";
    }

    private Task ShowAsync(HttpContext context, string path) => path switch
    {
        "/" or "/help" => TextAsync(context, 200, Help),
        "/ready" or "/healthz/ready" => ReadyAsync(context),
        "/config_dump" => JsonAsync(context, views.ConfigDump()),
        "/clusters" => JsonAsync(context, views.Clusters()),
        "/certs" => JsonAsync(context, views.Certificates()),
        "/listeners" => JsonAsync(context, views.Listeners()),
        "/stats" => TextAsync(context, 200, views.Stats()),
        "/stats/prometheus" or "/metrics" => PrometheusAsync(context),
        "/logging" => TextAsync(context, 200, $"{threshold.Level}\n"),
        "/drain" or "/quitquitquit" => TextAsync(context, 405, "POST only\n"),
        _ => NotFoundAsync(context),
    };

    private Task ChangeAsync(HttpContext context, string path)
    {
        switch (path)
        {
            case "/drain":
                lifetime.BeginDrain();
                return TextAsync(context, 200, "draining\n");
            case "/quitquitquit":
                lifetime.RequestStop();
                return TextAsync(context, 200, "stopping\n");
            case "/logging":
                return SetLevelAsync(context);
            default:
                return NotFoundAsync(context);
        }
    }

    private static Task UnprovedAsync(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return TextAsync(
            context, 401, $"changes need 'Authorization: Bearer TOKEN', the token of {AdminToken.FileName} in the state directory\n");
    }

    private Task SetLevelAsync(HttpContext context)
    {
        LogLevel? level = context.Request.Query["level"].ToString() switch
        {
            "trace" or "debug" => LogLevel.Debug,
            "info" => LogLevel.Information,
            "warning" => LogLevel.Warning,
            "error" => LogLevel.Error,
            _ => null,
        };
        if (level is null) return TextAsync(context, 400, "level must be debug, info, warning or error\n");
        threshold.Level = level.Value;
        return TextAsync(context, 200, $"{level}\n");
    }

    private Task ReadyAsync(HttpContext context) =>
        readiness.Missing() is { } missing
            ? TextAsync(context, 503, missing + "\n")
            : TextAsync(context, 200, views.Ready());

    private Task PrometheusAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return context.Response.WriteAsync(views.Prometheus(), context.RequestAborted);
    }

    private static Task NotFoundAsync(HttpContext context) => TextAsync(context, 404, "not found\n");

    private static Task TextAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    private static async Task JsonAsync(HttpContext context, ReadOnlyMemory<byte> json)
    {
        context.Response.ContentType = "application/json";
        await context.Response.BodyWriter.WriteAsync(json, context.RequestAborted);
    }
}
