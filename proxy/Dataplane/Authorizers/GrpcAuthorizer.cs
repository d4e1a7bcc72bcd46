using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using MeshOrleans.Proxy.Dataplane.Grpc;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Authorizers;

/// <summary>Asks by <c>envoy.service.auth.v3.Authorization/Check</c>.</summary>
/// <remarks>Source: gRPC over HTTP/2.</remarks>
internal static class GrpcAuthorizer
{
    public const string Path = "/envoy.service.auth.v3.Authorization/Check";

    // What servers say of messages that are longer than they take, or that they cannot read.
    private const string InvalidArgument = "3";
    private const string ResourceExhausted = "8";
    private const string OutOfRange = "11";

    public static HttpRequestMessage Question(
        RequestExchange exchange, ExternalAuthorizerModel authorizer, ShownBody? body, TlsIdentity? identity, DateTimeOffset now)
    {
        var message = CheckRequestWriter.Write(exchange, body, authorizer.Body is { AsBytes: true }, identity, now);
        var question = new HttpRequestMessage { Method = HttpMethod.Post, Content = new ByteArrayContent(message) };
        question.Content.Headers.ContentType = new MediaTypeHeaderValue(GrpcFrame.ContentType);
        question.Headers.Host = authorizer.Authority;
        question.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        var milliseconds = (long)Math.Ceiling(authorizer.Timeout.TotalMilliseconds);
        question.Headers.TryAddWithoutValidation(
            "grpc-timeout", string.Create(CultureInfo.InvariantCulture, $"{milliseconds}m"));
        return question;
    }

    public static async Task<CheckAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode is not HttpStatusCode.OK) return CheckAnswer.Failed($"it answered {(int)response.StatusCode}");
        if (await BoundedAnswer.ReadAsync(response, cancellationToken).ConfigureAwait(false) is not { } frame)
        {
            return CheckAnswer.Failed($"its answer is longer than {BoundedAnswer.LongestBody} bytes");
        }

        var status = Status(response.TrailingHeaders) ?? Status(response.Headers);
        return status switch
        {
            "0" => CheckResponseReader.Read(frame),
            InvalidArgument or ResourceExhausted or OutOfRange =>
                CheckAnswer.Unasked($"its gRPC status is {status}: it does not take the question"),
            _ => CheckAnswer.Failed($"its gRPC status is {status ?? "missing"}"),
        };
    }

    private static string? Status(HttpHeaders headers) =>
        headers.NonValidated.TryGetValues("grpc-status", out var values) ? values.ToString() : null;
}
