using System.Net;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// Keeps the pages of others out: what a browser sends on behalf of a page is refused where that page is not of this server,
/// and on loopback a name that is not this server's own is refused too, as somebody else's name may have been made to lead
/// here (DNS rebinding); on the TLS port the certificate says who the server is. Nothing is ever shared with another origin: there is no CORS.
/// </summary>
/// <remarks>Source: Fetch (Origin), Fetch Metadata (Sec-Fetch-Site), CVE-2024-40632.</remarks>
internal sealed class BrowserMiddleware(RequestDelegate next, IOptions<SiloOptions> options)
{
    private readonly string[] _names =
    [
        "localhost", options.Value.AdvertisedHost,
        .. options.Value.Gateways.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(address => new HostString(address).Host),
        .. options.Value.ApiHosts.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
    ];

    public Task InvokeAsync(HttpContext context) =>
        FaultOf(context) is { } fault ? Problems.Forbidden(fault).ExecuteAsync(context) : next(context);

    private string? FaultOf(HttpContext context)
    {
        var request = context.Request;
        var isApi = request.Path.StartsWithSegments("/v1");
        if (!isApi && !ListenerMiddleware.IsMonitoring(request.Path)) return null;

        // every browser says a name; a health check of HTTP/1.0 need not
        var isNamed = isApi || request.Host.HasValue;
        if (!request.IsHttps && isNamed && IsLoopback(context) && !IsOwnName(request.Host.Host))
        {
            return $"This server is not called that: on loopback it answers to an address or to {string.Join(", ", _names.Distinct())}"
                + " (--api-hosts NAME,... names more).";
        }

        if (!isApi) return null; // a link may lead to it, and its page learns nothing
        if (IsOfAnotherOrigin(request, request.Headers.Origin) || request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site")
        {
            return "The pages of other origins may not call this server.";
        }

        return null;
    }

    private static bool IsLoopback(HttpContext context) =>
        context.Connection.LocalIpAddress is { } address
        && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    // An address cannot be made to lead elsewhere.
    private bool IsOwnName(string host) =>
        IPAddress.TryParse(host.Trim('[', ']'), out _) || _names.Contains(host.TrimEnd('.'), StringComparer.OrdinalIgnoreCase);

    private static bool IsOfAnotherOrigin(HttpRequest request, StringValues origin) =>
        origin.Count > 0 && !string.Equals(origin.ToString(), $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
}
