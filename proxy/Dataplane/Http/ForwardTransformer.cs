using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Forwarder;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>
/// Copies the request as it is: the caller's host, no X-Forwarded headers, the very target that was normalised.
/// </summary>
internal sealed class ForwardTransformer : HttpTransformer
{
    /// <summary>Takes the place of the destination until the router has chosen one.</summary>
    public const string NoDestination = "http://upstream.invalid";

    private static readonly Uri Placeholder = new(NoDestination);

    public static ForwardTransformer Instance { get; } = new();

    public override ValueTask TransformRequestAsync(
        HttpContext httpContext,
        HttpRequestMessage proxyRequest,
        string destinationPrefix,
        CancellationToken cancellationToken)
    {
        var exchange = httpContext.Features.Get<RequestExchange>()!;
        var headers = httpContext.Request.Headers;
        foreach (var (name, values) in headers)
        {
            if (name.Length == 0 || name[0] == ':' || ConnectionHeaders.IsHopByHop(name)) continue;
            if (name.Equals("Host", StringComparison.OrdinalIgnoreCase)) continue;
            Add(proxyRequest, name, values);
        }

        if (headers.TE.ToString().Contains("trailers", StringComparison.OrdinalIgnoreCase))
        {
            Add(proxyRequest, "TE", "trailers");
        }

        proxyRequest.Headers.Host = exchange.Host;
        proxyRequest.RequestUri = Placeholder;
        return default;
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        var copiesBody = await base.TransformResponseAsync(
            httpContext, proxyResponse, cancellationToken).ConfigureAwait(false);
        var exchange = httpContext.Features.Get<RequestExchange>()!;
        HeaderMutator.ApplyToResponse(exchange);
        if (copiesBody && proxyResponse is not null && IsStream(exchange, proxyResponse))
        {
            await httpContext.Response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        return copiesBody;
    }

    // A stream's headers mean something before its first message. Trailers-only answers must stay as they are.
    private static bool IsStream(RequestExchange exchange, HttpResponseMessage response) =>
        response.Content.Headers.ContentLength is null
        && (exchange.IsGrpc
            ? !response.Headers.NonValidated.Contains("grpc-status")
            : response.Content.Headers.ContentType?.MediaType == "text/event-stream");

    // Content headers of a request without content are the router's business: YARP forbids replacing the content here.
    private static void Add(HttpRequestMessage request, string name, StringValues values)
    {
        if (values.Count == 1)
        {
            var value = values.ToString();
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, value);
            }

            return;
        }

        IEnumerable<string?> all = values;
        if (!request.Headers.TryAddWithoutValidation(name, all))
        {
            request.Content?.Headers.TryAddWithoutValidation(name, all);
        }
    }
}
