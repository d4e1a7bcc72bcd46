using System.Text;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Authorizers;

/// <summary>Lets a request on when an authorizer allows it, and answers it when not.</summary>
internal sealed partial class AuthorizerGate(AuthorizerClient client, AuthorizerMetrics metrics, ILogger<AuthorizerGate> logger)
{
    private const int LongestMessage = 1024;

    /// <summary>Asks; false when the request has been answered.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="authorizer">Who is asked.</param>
    /// <param name="policy">The rule that says so.</param>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public async Task<bool> AdmitsAsync(RequestExchange exchange, ExternalAuthorizerModel authorizer, string policy)
    {
        _ = exchange.RemoteAddress; // read, and kept, before the answer can change the header that tells it
        ShownBody? body = null;
        if (authorizer.Body is { } limits && HasBody(exchange))
        {
            try
            {
                body = await ShownBody.TakeAsync(
                    exchange.Context.Request, limits, exchange.Context.RequestAborted).ConfigureAwait(false);
            }
            catch (BadHttpRequestException exception)
            {
                exchange.Flags |= ResponseFlags.DownstreamProtocolError;
                await LocalReply.WriteAsync(exchange, exception.StatusCode, "").ConfigureAwait(false);
                return false;
            }

            if (body is null)
            {
                exchange.Details = "request_payload_too_large";
                await LocalReply.WriteAsync(
                    exchange, StatusCodes.Status413PayloadTooLarge, "Payload Too Large").ConfigureAwait(false);
                return false;
            }
        }

        var answer = await client.AskAsync(exchange, authorizer, body).ConfigureAwait(false);
        switch (answer.Verdict)
        {
            case CheckVerdict.Allowed:
                metrics.Count(authorizer.Provider, AuthorizerOutcome.Allowed);
                AnswerHeaders.TakeOutOwned(exchange.Context.Request.Headers, authorizer.ToUpstreamOnAllow);
                AnswerHeaders.ApplyToRequest(exchange.Context.Request.Headers, answer);
                exchange.AuthorizerHeaders = answer.Response;
                return true;
            case CheckVerdict.Denied:
                metrics.Count(authorizer.Provider, AuthorizerOutcome.Denied);
                Refuse(exchange, authorizer, "ext_authz_denied", policy, "it is denied");
                await DenyAsync(exchange, answer).ConfigureAwait(false);
                return false;
            default:
                var mayPass = authorizer.FailOpen && answer.Verdict is CheckVerdict.Failed;
                return await FailAsync(exchange, authorizer, policy, answer.Reason, mayPass).ConfigureAwait(false);
        }
    }

    private async Task<bool> FailAsync(
        RequestExchange exchange, ExternalAuthorizerModel authorizer, string policy, string reason, bool mayPass)
    {
        metrics.Count(authorizer.Provider, mayPass ? AuthorizerOutcome.FailedOpen : AuthorizerOutcome.Failed);
        if (mayPass)
        {
            AnswerHeaders.TakeOutOwned(exchange.Context.Request.Headers, authorizer.ToUpstreamOnAllow);
            LogFailedOpen(authorizer.Provider, policy, reason);
            return true;
        }

        Refuse(exchange, authorizer, "ext_authz_error", policy, reason);
        await LocalReply.WriteAsync(exchange, authorizer.StatusOnError, "").ConfigureAwait(false);
        return false;
    }

    private void Refuse(RequestExchange exchange, ExternalAuthorizerModel authorizer, string details, string policy, string reason)
    {
        exchange.Flags |= ResponseFlags.UnauthorizedExternalService;
        exchange.Details = $"{details}_matched_policy[{policy}]";
        LogRefused(
            exchange.DestinationPort,
            exchange.Context.Request.Method,
            exchange.Target.Path,
            exchange.Caller.PeerId,
            authorizer.Provider,
            policy,
            reason);
    }

    private static async Task DenyAsync(RequestExchange exchange, CheckAnswer answer)
    {
        var response = exchange.Context.Response;
        if (exchange.IsGrpc)
        {
            AnswerHeaders.Apply(response.Headers, answer.Response);
            await LocalReply.WriteAsync(exchange, answer.Status, default, Message(answer.Body.Span)).ConfigureAwait(false);
            return;
        }

        response.StatusCode = answer.Status;
        var hasBody = answer.Body.Length > 0 && answer.Status is not (204 or 205 or 304);
        if (hasBody) response.ContentType = "text/plain";
        AnswerHeaders.Apply(response.Headers, answer.Response);
        if (answer.Status is not (204 or 304)) response.ContentLength = hasBody ? answer.Body.Length : 0;
        HeaderMutator.ApplyToResponse(exchange);
        if (!hasBody || HttpMethods.IsHead(exchange.Context.Request.Method)) return;
        await response.Body.WriteAsync(answer.Body, exchange.Context.RequestAborted).ConfigureAwait(false);
    }

    // gRPC, "Status-Message": percent-encoded.
    private static string Message(ReadOnlySpan<byte> body) => Uri.EscapeDataString(
        Encoding.UTF8.GetString(body[..Math.Min(body.Length, LongestMessage)]));

    // What is upgraded has no body that would ever end. Whether it is, the server says and not a header: what a caller
    // merely calls an upgrade has a body like any other.
    private static bool HasBody(RequestExchange exchange)
    {
        var (features, request) = (exchange.Context.Features, exchange.Context.Request);
        if (features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true }) return false;
        if (features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true }) return false;
        return features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true }
            || request.ContentLength > 0
            || request.Headers.TransferEncoding.Count > 0;
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Port {Port}: {Method} {Path} of '{Identity}' refused by authorizer {Provider} for {Policy}: {Reason}.")]
    private partial void LogRefused(
        int port, string method, string path, string identity, string provider, string policy, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Authorizer {Provider} did not decide for {Policy}, and requests pass meanwhile: {Reason}.")]
    private partial void LogFailedOpen(string provider, string policy, string reason);
}
