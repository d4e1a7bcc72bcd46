using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;

namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>The one place that turns what a client meets on the wire into a status.</summary>
/// <remarks>Source: gRPC "HTTP to gRPC Status Code Mapping" and gRPC over HTTP/2, "Errors".</remarks>
internal static class GrpcFailures
{
    /// <summary>Status of a response that is not gRPC at all; null when it is.</summary>
    public static GrpcStatus? OfResponse(HttpResponseMessage response)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return new GrpcStatus(
                CodeOf(response.StatusCode), $"The server answered with HTTP status {(int)response.StatusCode}.");
        }

        return GrpcHeaders.IsGrpc(response.Content.Headers.ContentType?.MediaType)
            ? null
            : new GrpcStatus(GrpcStatusCode.Unknown, "The server's answer is not gRPC.");
    }

    /// <summary>Status in headers (trailers-only) or trailers; null when there is none.</summary>
    public static GrpcStatus? OfHeaders(HttpHeaders headers)
    {
        if (!headers.TryGetValues(GrpcHeaders.Status, out var values)) return null;
        var code = int.TryParse(
            values.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is >= (int)GrpcStatusCode.Ok and <= (int)GrpcStatusCode.Unauthenticated
                ? (GrpcStatusCode)number
                : GrpcStatusCode.Unknown;
        var message = headers.TryGetValues(GrpcHeaders.Message, out var texts) ? texts.FirstOrDefault() ?? "" : "";
        return new GrpcStatus(code, GrpcMessageText.Decode(message)) { RetryAfter = RetryAfterOf(headers) };
    }

    /// <summary>Status of broken I/O.</summary>
    public static GrpcStatus OfException(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is GrpcException known) return known.Status;
            if (cause is AuthenticationException)
            {
                return new GrpcStatus(GrpcStatusCode.Unavailable, $"TLS failed: {cause.Message}");
            }

            if (cause is HttpProtocolException protocol)
            {
                return new GrpcStatus(
                    CodeOf(protocol.ErrorCode), $"The server reset the stream: HTTP/2 error {protocol.ErrorCode}.");
            }
        }

        return new GrpcStatus(GrpcStatusCode.Unavailable, exception.Message);
    }

    /// <summary>A malformed or negative value means "do not retry"; callers here decide that for themselves.</summary>
    private static TimeSpan? RetryAfterOf(HttpHeaders headers) =>
        headers.TryGetValues(GrpcHeaders.RetryPushback, out var values)
        && int.TryParse(values.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;

    private static GrpcStatusCode CodeOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.BadRequest => GrpcStatusCode.Internal,
        HttpStatusCode.Unauthorized => GrpcStatusCode.Unauthenticated,
        HttpStatusCode.Forbidden => GrpcStatusCode.PermissionDenied,
        HttpStatusCode.NotFound => GrpcStatusCode.Unimplemented,
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
            or HttpStatusCode.GatewayTimeout => GrpcStatusCode.Unavailable,
        _ => GrpcStatusCode.Unknown,
    };

    private static GrpcStatusCode CodeOf(long http2Error) => http2Error switch
    {
        0x0 => GrpcStatusCode.Unavailable, // NO_ERROR: the server goes away in good order
        0x7 => GrpcStatusCode.Unavailable, // REFUSED_STREAM: not processed
        0x8 => GrpcStatusCode.Cancelled, // CANCEL
        0xb => GrpcStatusCode.ResourceExhausted, // ENHANCE_YOUR_CALM
        0xc => GrpcStatusCode.PermissionDenied, // INADEQUATE_SECURITY
        _ => GrpcStatusCode.Internal,
    };
}
