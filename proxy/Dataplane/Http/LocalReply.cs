using System.Net;
using System.Text;
using MeshOrleans.Model.Evaluation;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>Answers that the proxy gives by itself. A gRPC caller gets them as gRPC statuses.</summary>
internal static class LocalReply
{
    public const string Denied = "RBAC: access denied";
    public const string NoHealthyUpstream = "no healthy upstream";
    public const string Timeout = "upstream request timeout";
    public const string Fault = "fault filter abort";
    public const string RateLimited = "local_rate_limited";
    public const string Overflow = "upstream connect error or disconnect/reset before headers. reset reason: overflow";
    public const string ConnectFailure =
        "upstream connect error or disconnect/reset before headers. reset reason: connection failure";
    public const string Reset =
        "upstream connect error or disconnect/reset before headers. reset reason: connection termination";

    public const string ProtocolError =
        "upstream connect error or disconnect/reset before headers. reset reason: protocol error";

    private const string PlainText = "text/plain";
    private const string Grpc = "application/grpc";

    /// <summary>Writes an answer to the caller.</summary>
    public static Task WriteAsync(RequestExchange exchange, int status, string body, int? grpcStatus = null) =>
        WriteAsync(exchange, status, Encoding.UTF8.GetBytes(body), body, grpcStatus);

    /// <summary>
    /// Refuses a request that is none, or that could be read in two ways; nothing after it on its connection is read. A
    /// question about the server itself (<c>OPTIONS *</c>) is a request, but names no path, so no route has it: 404, as
    /// Envoy's.
    /// </summary>
    public static Task MalformedAsync(RequestExchange exchange)
    {
        var context = exchange.Context;
        if (exchange.IsAboutServer) return AsteriskAsync(exchange);
        if (HttpProtocol.IsHttp11(context.Request.Protocol)) context.Response.Headers.Connection = "close";
        return WriteAsync(exchange, StatusCodes.Status400BadRequest, "");
    }

    /// <summary>Writes an answer to the caller.</summary>
    public static async Task WriteAsync(
        RequestExchange exchange, int status, ReadOnlyMemory<byte> body, string message = "", int? grpcStatus = null)
    {
        var response = exchange.Context.Response;
        if (!MayHaveBody(status)) body = default;
        if (exchange.IsGrpc || grpcStatus is not null)
        {
            response.StatusCode = StatusCodes.Status200OK;
            response.ContentType = Grpc;
            response.Headers["grpc-status"] = (grpcStatus ?? GrpcRequest.StatusOf(status)).ToString();
            if (message.Length > 0) response.Headers["grpc-message"] = message;
            HeaderMutator.ApplyToResponse(exchange);
            return;
        }

        response.StatusCode = status;
        if (body.Length > 0)
        {
            response.ContentType = PlainText;
            response.ContentLength = body.Length;
        }
        else if (MayHaveBody(status))
        {
            response.ContentLength = 0;
        }

        HeaderMutator.ApplyToResponse(exchange);
        if (body.Length == 0 || HttpMethods.IsHead(exchange.Context.Request.Method)) return;
        await response.Body.WriteAsync(body, exchange.Context.RequestAborted).ConfigureAwait(false);
    }

    private static Task AsteriskAsync(RequestExchange exchange)
    {
        exchange.Details = "absolute_path_rejected";
        return WriteAsync(exchange, StatusCodes.Status404NotFound, "");
    }

    private static bool MayHaveBody(int status) => status is not (204 or 304); // RFC 9110 section 6.4.1

    /// <summary>The same as a message, for the place where the forwarder expects the upstream's.</summary>
    public static HttpResponseMessage Message(
        RequestExchange exchange, int status, string body, string? extraHeader = null)
    {
        HttpResponseMessage response;
        if (exchange.IsGrpc)
        {
            response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent([]) };
            response.Content.Headers.TryAddWithoutValidation("content-type", Grpc);
            response.Headers.TryAddWithoutValidation("grpc-status", GrpcRequest.StatusOf(status).ToString());
            response.Headers.TryAddWithoutValidation("grpc-message", body);
        }
        else
        {
            response = new HttpResponseMessage((HttpStatusCode)status)
            {
                Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
            };
            if (body.Length > 0) response.Content.Headers.TryAddWithoutValidation("content-type", PlainText);
        }

        if (extraHeader is not null) response.Headers.TryAddWithoutValidation(extraHeader, "true");
        response.Version = HttpVersion.Version11;
        return response;
    }
}
