using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>Carries out the cross-origin rules of a route.</summary>
/// <remarks>
/// Source: Envoy, CorsFilter. What it says replaces what the application says, and comes after the header changes of
/// the route; the answer to a preflight is the filter's own and knows no such changes.
/// </remarks>
internal static class CorsHeaders
{
    private const string Any = "*";

    /// <summary>True when the request is a preflight that has been answered here.</summary>
    public static bool TryAnswer(RequestExchange exchange, CorsModel cors, IRandomSource random)
    {
        var view = new HttpRequestView(exchange);
        var outcome = cors.Judge(in view, random, out var origin);
        if (outcome is CorsOutcome.Allowed) exchange.AllowedOrigin = origin;
        if (outcome is not (CorsOutcome.Preflight or CorsOutcome.RefusedPreflight)) return false;

        exchange.Details = "cors_response";
        var response = exchange.Context.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentLength = 0;
        if (outcome is CorsOutcome.RefusedPreflight) return true;

        AllowOrigin(response.Headers, cors, origin);
        var asked = exchange.Context.Request.Headers;
        Set(response.Headers, "access-control-allow-methods", Spelt(cors, cors.AllowMethods, asked.AccessControlRequestMethod.ToString()));
        Set(response.Headers, "access-control-allow-headers", Spelt(cors, cors.AllowHeaders, asked.AccessControlRequestHeaders.ToString()));
        Set(response.Headers, "access-control-max-age", cors.MaxAge);
        return true;
    }

    /// <summary>Says in an answer that the script of an allowed origin may read it.</summary>
    public static void ApplyToResponse(RequestExchange exchange)
    {
        if (exchange.AllowedOrigin.Length == 0) return;
        AllowOrigin(exchange.Context.Response.Headers, exchange.Decision.Route!.Cors!, exchange.AllowedOrigin);
    }

    private static void AllowOrigin(IHeaderDictionary headers, CorsModel cors, string origin)
    {
        headers.AccessControlAllowOrigin = origin;
        if (cors.AllowCredentials) headers.AccessControlAllowCredentials = "true";
        Set(headers, "access-control-expose-headers", Spelt(cors, cors.ExposeHeaders, ""));
    }

    // Where credentials are allowed a browser takes "*" for a name (Fetch, "CORS-safelisted"; Gateway API, HTTPCORSFilter).
    private static string Spelt(CorsModel cors, string names, string asked) => cors.AllowCredentials && names == Any ? asked : names;

    private static void Set(IHeaderDictionary headers, string name, string value)
    {
        if (value.Length > 0) headers[name] = value;
    }
}
