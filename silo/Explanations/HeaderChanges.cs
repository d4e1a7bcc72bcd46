using System.Collections.Immutable;
using System.Text;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Silo.Explanations;

/// <summary>The headers of a request from hop to hop, as far as a decision may depend on them.</summary>
internal static class HeaderChanges
{
    private const string Unknown = "(made by the sidecar)";
    private static readonly string[] TraceHeaders = ["traceparent", "x-b3-traceid", "b3"];

    /// <summary>What routing sees: without what only the mesh may say, with what the sidecar adds.</summary>
    public static ImmutableDictionary<string, StringValues> OnTheWayOut(ImmutableDictionary<string, StringValues> headers)
    {
        return Traced(Taken(headers, fromSidecar: false));
    }

    /// <summary>
    /// What goes on to the next hop: nothing of what is between two neighbours only, but that trailers are understood.
    /// </summary>
    public static ImmutableDictionary<string, StringValues> OnTheWayOn(ImmutableDictionary<string, StringValues> headers)
    {
        var sent = headers.RemoveRange(headers.Keys.Where(ConnectionHeaders.IsHopByHop));
        return headers.TryGetValue("te", out var codings) && codings.ToString().Contains("trailers", StringComparison.OrdinalIgnoreCase)
            ? sent.SetItem("te", "trailers")
            : sent;
    }

    /// <summary>
    /// What is read of it at the next hop: sidecars send each other line by line, and .NET's client, which everybody
    /// else is sent to with, writes lines of one name as one. HTTP/2 makes one of those of cookies in any case (RFC
    /// 9113 section 8.2.3).
    /// </summary>
    public static ImmutableDictionary<string, StringValues> OnTheWire(
        ImmutableDictionary<string, StringValues> headers, bool isHop)
    {
        foreach (var (name, lines) in headers.Where(header => header.Value.Count > 1))
        {
            var isCookie = name.Equals("cookie", StringComparison.OrdinalIgnoreCase);
            if (isHop && !isCookie) continue;
            var separator = isCookie ? "; " : name.Equals("user-agent", StringComparison.OrdinalIgnoreCase) ? " " : ", ";
            headers = headers.SetItem(name, string.Join(separator, lines.ToArray()));
        }

        return headers;
    }

    // Without what only the mesh may say, and without what the sender's own Connection header takes out.
    private static ImmutableDictionary<string, StringValues> Taken(ImmutableDictionary<string, StringValues> headers, bool fromSidecar)
    {
        var named = headers.GetValueOrDefault("connection").ToString().Split(',', StringSplitOptions.TrimEntries);
        return headers.RemoveRange(named.Where(name => ConnectionHeaders.IsTakenOut(name))).RemoveRange(headers.Keys.Where(n => MeshHeaders.IsStripped(n, fromSidecar)));
    }

    private static ImmutableDictionary<string, StringValues> Traced(ImmutableDictionary<string, StringValues> seen)
    {
        if (!seen.ContainsKey("x-request-id")) seen = seen.SetItem("x-request-id", Unknown);
        return TraceHeaders.Any(seen.ContainsKey)
            ? seen
            : seen.SetItem("traceparent", Unknown).SetItem("x-b3-traceid", Unknown)
                .SetItem("x-b3-spanid", Unknown).SetItem("x-b3-sampled", Unknown);
    }

    /// <summary>
    /// What the policy of the member sees: without what only the mesh may say, with what its sidecar adds.
    /// </summary>
    public static ImmutableDictionary<string, StringValues> OnTheWayIn(
        ImmutableDictionary<string, StringValues> headers, bool fromSidecar)
    {
        var seen = Traced(Taken(headers, fromSidecar));
        return fromSidecar ? seen.SetItem(MeshHeaders.ForwardedClientCertificate, Unknown) : seen;
    }

    /// <summary>Carries out the changes of all levels, in the order of the route configuration.</summary>
    public static ImmutableDictionary<string, StringValues> Apply(
        RouteTableModel table, VirtualHostModel host, RouteModel route, WeightedClusterModel cluster, RequestView view)
    {
        HeaderOperations[] levels =
            [cluster.RequestHeaders, route.RequestHeaders, host.RequestHeaders, table.RequestHeaders];
        if (table.MostSpecificHeaderMutationsWin) Array.Reverse(levels);
        var headers = view.Call.Headers;
        foreach (var level in levels)
        {
            headers = headers.RemoveRange(level.Remove);
            foreach (var mutation in level.Set)
            {
                var exists = headers.TryGetValue(mutation.Name, out var present);
                if (mutation.Action is HeaderAppendAction.AddIfAbsent && exists) continue;
                if (mutation.Action is HeaderAppendAction.OverwriteIfExists && !exists) continue;
                var value = mutation.Value.Constant ?? Render(mutation.Value, headers, cluster, view);
                if (value.Length == 0 && mutation.Value.Constant is null) continue;
                headers = headers.SetItem(
                    mutation.Name,
                    mutation.Action is HeaderAppendAction.Append && exists ? StringValues.Concat(present, value) : value);
            }
        }

        return headers;
    }

    private static string Render(
        HeaderValueTemplate template,
        ImmutableDictionary<string, StringValues> headers,
        WeightedClusterModel cluster,
        RequestView view)
    {
        var text = new StringBuilder();
        foreach (var part in template.Parts)
        {
            text.Append(part.Kind switch
            {
                HeaderPlaceholder.Literal => part.Text,
                HeaderPlaceholder.RequestHeader => Read(part.Text, headers, view)
                    ?? (part.Alternative.Length > 0 ? Read(part.Alternative, headers, view) : null) ?? "",
                HeaderPlaceholder.DownstreamRemoteAddress or HeaderPlaceholder.DownstreamRemoteAddressWithoutPort
                    or HeaderPlaceholder.DownstreamLocalAddress or HeaderPlaceholder.Protocol => Unknown,
                HeaderPlaceholder.DownstreamPeerUriSan => view.PeerId,
                HeaderPlaceholder.RequestedServerName => view.ServerName,
                HeaderPlaceholder.UpstreamCluster => cluster.Name,
                _ => "",
            });
        }

        return text.ToString();
    }

    private static string? Read(string name, ImmutableDictionary<string, StringValues> headers, RequestView view) =>
        name.ToLowerInvariant() switch
        {
            ":authority" or "host" => view.Call.Host,
            ":path" => view.Call.Target.Text,
            ":method" => view.Method,
            ":scheme" => view.Scheme,
            _ => headers.TryGetValue(name, out var lines) ? lines.ToString() : null,
        };
}
