using System.Globalization;
using MeshOrleans.Model.Evaluation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>
/// Reads the head of a request, once, before anything decides on it: refuses what could be read in two ways, takes out what
/// the caller may not say, and brings the target to its one spelling.
/// </summary>
internal static class RequestTargetReader
{
    // Kestrel's name for a Content-Length that came together with Transfer-Encoding (RFC 9112 section 6.3): smuggling.
    private const string AmbiguousLength = "X-Content-Length";

    /// <summary>Fills in target and authority, and leaves those headers that go on.</summary>
    /// <returns>False when the request must be refused with 400.</returns>
    public static bool TryRead(RequestExchange exchange, PathNormalizationMode mode)
    {
        var context = exchange.Context;

        // The forwarder writes the methods it knows in capitals; policy must see what the application will see.
        context.Request.Method = HttpMethods.GetCanonicalizedValue(context.Request.Method);
        if (HttpMethods.IsConnect(context.Request.Method) && !TryTakeWebSocket(context)) return false;
        var target = OriginForm(RawTarget(exchange), out var named);
        KeepPort(exchange, named);
        exchange.Authority = HostName.Normalize(exchange.Host);
        exchange.IsGrpc = GrpcRequest.IsGrpc(context.Request.ContentType);
        exchange.IsUpgrade = IsWebSocket(context.Features, context.Request.Headers.Upgrade.ToString());
        var headers = context.Request.Headers;
        if (headers.ContainsKey(AmbiguousLength) || !FieldSyntax.IsFramingPlain(context.Request)) return false;
        HopHeaders.StripNominated(headers);
        if (!HopHeaders.TryStripMeshOwned(headers, exchange.Caller.IsMutualTls)) return false;
        if (exchange.Authority.Length == 0 || exchange.Authority.Contains('@')) return false;
        return TryTakeTarget(exchange, target, mode);
    }

    /// <summary>Fills in the target alone: anew, when another listener than at first takes the request.</summary>
    /// <returns>False when the request must be refused with 400.</returns>
    public static bool TryReadTarget(RequestExchange exchange, PathNormalizationMode mode) =>
        TryTakeTarget(exchange, OriginForm(RawTarget(exchange), out _), mode);

    private static bool TryTakeTarget(RequestExchange exchange, ReadOnlySpan<char> raw, PathNormalizationMode mode)
    {
        if (PathNormalizer.TryNormalize(raw, mode, out var target))
        {
            exchange.Target = target;
            return true;
        }

        exchange.IsAboutServer = raw is "*" && HttpMethods.IsOptions(exchange.Context.Request.Method);
        return false;
    }

    private static ReadOnlySpan<char> RawTarget(RequestExchange exchange) =>
        exchange.Context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;

    // Where Kestrel puts the target's host in the place of the header's, it leaves out a port that the scheme has anyway.
    // Rules see what was written, as Envoy's do: `b` and `b:80` are two authorities.
    private static void KeepPort(RequestExchange exchange, ReadOnlySpan<char> named)
    {
        if (HostName.Port(named) is not { } port || HostName.Port(exchange.Host) is not null) return;
        exchange.Host = string.Create(CultureInfo.InvariantCulture, $"{exchange.Host}:{port}");
    }

    // A WebSocket begins with CONNECT in HTTP/2 (RFC 8441) and with GET in HTTP/1.1, which is what applications get to see.
    // Any other CONNECT, of whatever it wants to be the tunnel, has no target that rules could speak of.
    private static bool TryTakeWebSocket(HttpContext context)
    {
        if (context.Features.Get<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true, Protocol: { } protocol }
            || !protocol.Equals("websocket", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        context.Request.Method = HttpMethods.Get;
        return true;
    }

    // Other upgrades (h2c) are optional for the client and end at this hop.
    private static bool IsWebSocket(IFeatureCollection features, string upgrade) =>
        features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true }
        || (features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && upgrade.Equals("websocket", StringComparison.OrdinalIgnoreCase));

    // "http://host:port/path?query", as a client sends it to a proxy: Kestrel has put its host in the place of the header's.
    private static ReadOnlySpan<char> OriginForm(ReadOnlySpan<char> raw, out ReadOnlySpan<char> named)
    {
        named = default;
        if (raw.IsEmpty || raw[0] == '/') return raw;
        var scheme = raw.IndexOf("://");
        if (scheme < 0 || !(raw[..scheme] is "http" or "https" or "HTTP" or "HTTPS")) return raw;
        var rest = raw[(scheme + 3)..];
        var end = rest.IndexOfAny('/', '?', '#');
        named = end < 0 ? rest : rest[..end];
        return end < 0 ? "/" : rest[end] == '/' ? rest[end..] : $"/{rest[end..]}";
    }
}
