using System.Text;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Authorizers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>Carries out the header operations of all levels, in the order of the route configuration.</summary>
internal static class HeaderMutator
{
    public static void ApplyToRequest(RequestExchange exchange) => ApplyInOrder(
        exchange.Context.Request.Headers,
        exchange,
        exchange.Table.RequestHeaders,
        exchange.Decision.Host?.RequestHeaders,
        exchange.Decision.Route?.RequestHeaders,
        exchange.Choice?.RequestHeaders);

    public static void ApplyToResponse(RequestExchange exchange)
    {
        ApplyInOrder(
            exchange.Context.Response.Headers,
            exchange,
            exchange.Table.ResponseHeaders,
            exchange.Decision.Host?.ResponseHeaders,
            exchange.Decision.Route?.ResponseHeaders,
            exchange.Choice?.ResponseHeaders);
        if (exchange.AuthorizerHeaders is { } added) AnswerHeaders.Apply(exchange.Context.Response.Headers, added);
        exchange.RateLimit.ApplyTo(exchange.Context.Response.Headers);
        CorsHeaders.ApplyToResponse(exchange);
    }

    // What comes last wins.
    private static void ApplyInOrder(
        IHeaderDictionary headers,
        RequestExchange exchange,
        HeaderOperations? table,
        HeaderOperations? host,
        HeaderOperations? route,
        HeaderOperations? cluster)
    {
        if (exchange.Table.MostSpecificHeaderMutationsWin)
        {
            Apply(table, headers, exchange);
            Apply(host, headers, exchange);
            Apply(route, headers, exchange);
            Apply(cluster, headers, exchange);
            return;
        }

        Apply(cluster, headers, exchange);
        Apply(route, headers, exchange);
        Apply(host, headers, exchange);
        Apply(table, headers, exchange);
    }

    private static void Apply(HeaderOperations? operations, IHeaderDictionary headers, RequestExchange exchange)
    {
        if (operations is null || operations.IsEmpty) return;
        foreach (var name in operations.Remove) headers.Remove(name);
        foreach (var mutation in operations.Set)
        {
            var exists = headers.TryGetValue(mutation.Name, out var present);
            if (mutation.Action is HeaderAppendAction.AddIfAbsent && exists) continue;
            if (mutation.Action is HeaderAppendAction.OverwriteIfExists && !exists) continue;
            var value = mutation.Value.Constant ?? Render(mutation.Value, exchange);
            if (value.Length == 0 && mutation.Value.Constant is null) continue; // there was nothing: as if it had not been said
            headers[mutation.Name] = mutation.Action is HeaderAppendAction.Append && exists
                ? StringValues.Concat(present, value)
                : value;
        }
    }

    private static string Render(HeaderValueTemplate template, RequestExchange exchange)
    {
        var text = new StringBuilder();
        foreach (var part in template.Parts) text.Append(Render(part, exchange));
        return text.ToString();
    }

    private static string Render(HeaderValuePart part, RequestExchange exchange)
    {
        var connection = exchange.Context.Connection;
        return part.Kind switch
        {
            HeaderPlaceholder.Literal => part.Text,
            HeaderPlaceholder.RequestHeader => RequestHeader(part.Text, exchange)
                ?? (part.Alternative.Length > 0 ? RequestHeader(part.Alternative, exchange) : null) ?? "",
            HeaderPlaceholder.ResponseHeader => exchange.Context.Response.Headers[part.Text].ToString(),
            HeaderPlaceholder.DownstreamRemoteAddress => $"{connection.RemoteIpAddress}:{connection.RemotePort}",
            HeaderPlaceholder.DownstreamRemoteAddressWithoutPort => connection.RemoteIpAddress?.ToString() ?? "",
            HeaderPlaceholder.DownstreamLocalAddress => $"{connection.LocalIpAddress}:{connection.LocalPort}",
            HeaderPlaceholder.DownstreamPeerUriSan => exchange.Caller.PeerId,
            HeaderPlaceholder.RequestedServerName => exchange.Caller.ServerName,
            HeaderPlaceholder.Protocol => exchange.Context.Request.Protocol,
            HeaderPlaceholder.UpstreamCluster => exchange.Choice?.Name ?? "",
            _ => "",
        };
    }

    private static string? RequestHeader(string name, RequestExchange exchange) => name.ToLowerInvariant() switch
    {
        ":authority" or "host" => exchange.Host,
        ":path" => exchange.Target.Text,
        ":method" => exchange.Context.Request.Method,
        ":scheme" => exchange.Scheme,
        _ => exchange.Context.Request.Headers.TryGetValue(name, out var values) ? values.ToString() : null,
    };
}
