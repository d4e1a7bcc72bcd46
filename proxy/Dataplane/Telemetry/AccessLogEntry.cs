using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Outbound;

namespace MeshOrleans.Proxy.Dataplane.Telemetry;

/// <summary>What is written about one request. Taken when it has ended, written by another thread.</summary>
internal sealed record AccessLogEntry
{
    public required DateTimeOffset StartTime { get; init; }

    public required TimeSpan Duration { get; init; }

    public required string Method { get; init; }

    public required string Path { get; init; }

    public required string Protocol { get; init; }

    public required int Code { get; init; }

    public required ResponseFlags Flags { get; init; }

    public required string Details { get; init; }

    public required string TransportFailure { get; init; }

    public required long? BytesReceived { get; init; }

    public required long? BytesSent { get; init; }

    public required string ForwardedFor { get; init; }

    public required string UserAgent { get; init; }

    public required string RequestId { get; init; }

    public required string Authority { get; init; }

    public required string UpstreamHost { get; init; }

    public required string UpstreamCluster { get; init; }

    public required IPEndPoint? Local { get; init; }

    public required IPEndPoint? Remote { get; init; }

    public required string ServerName { get; init; }

    public required string RouteName { get; init; }

    // RFC 6750 section 2.3: a token in the query is in danger of being logged. Proxies without a rule for it see it too.
    private static string LoggedPath(RequestTarget target) => target.Path is null
        ? ""
        : (target with { Query = TokenPlaces.Blotted(target.Query, TokenRule.DefaultParameter) }).Text;

    public static AccessLogEntry Of(RequestExchange exchange, DateTimeOffset now, TimeSpan duration)
    {
        var (request, response, connection) =
            (exchange.Context.Request, exchange.Context.Response, exchange.Context.Connection);
        return new AccessLogEntry
        {
            StartTime = now - duration,
            Duration = duration,
            Method = request.Method,
            Path = LoggedPath(exchange.Target),
            Protocol = request.Protocol,
            Code = response.StatusCode,
            Flags = exchange.Flags,
            Details = exchange.Details.Length > 0 ? exchange.Details : exchange.Upstream is null ? "" : "via_upstream",
            TransportFailure = exchange.TransportFailure,
            BytesReceived = request.ContentLength,
            BytesSent = response.ContentLength,
            ForwardedFor = request.Headers["x-forwarded-for"].ToString(),
            UserAgent = request.Headers.UserAgent.ToString(),
            RequestId = request.Headers["x-request-id"].ToString(),
            Authority = exchange.Authority,
            UpstreamHost = exchange.Upstream is { } upstream ? $"{upstream.Address}:{upstream.Port}" : "",
            UpstreamCluster = exchange.ClusterName,
            Local = connection.LocalIpAddress is { } local ? new IPEndPoint(local, connection.LocalPort) : null,
            Remote = connection.RemoteIpAddress is { } remote ? new IPEndPoint(remote, connection.RemotePort) : null,
            ServerName = exchange.Caller.ServerName,
            RouteName = exchange.Decision.Route?.Name ?? "",
        };
    }

    public static AccessLogEntry Of(TcpCall call, DateTimeOffset now, TimeSpan duration) => new()
    {
        StartTime = now - duration,
        Duration = duration,
        Method = call.Status > 0 ? "CONNECT" : "",
        Path = "",
        Protocol = call.Status > 0 ? call.Protocol : "",
        Code = call.Status,
        Flags = call.Flags,
        Details = call.Details,
        TransportFailure = call.TransportFailure,
        BytesReceived = call.Count?.Received,
        BytesSent = call.Count?.Sent,
        ForwardedFor = "",
        UserAgent = "",
        RequestId = "",
        Authority = call.Target.Authority,
        UpstreamHost = call.Upstream is { } upstream ? $"{upstream.Address}:{upstream.Port}" : "",
        UpstreamCluster = call.ClusterName,
        Local = call.Connection.LocalEndPoint as IPEndPoint,
        Remote = call.Connection.RemoteEndPoint as IPEndPoint,
        ServerName = call.ServerName,
        RouteName = "",
    };
}
