using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Proxy.Dataplane.Authorizers;

/// <summary>Asks by a request like the one that it is about: 200 allows, 5xx is no answer, anything else denies.</summary>
/// <remarks>
/// Source: Envoy, ext_authz <c>http_service</c>. Shown are method, target, Host, Authorization and what the settings name,
/// with every value that the application would get.
/// </remarks>
internal static class HttpAuthorizer
{
    private const string PartialBody = "x-envoy-auth-partial-body";
    private const string RemovedHeaders = "x-envoy-auth-headers-to-remove";

    public static HttpRequestMessage Question(RequestExchange exchange, ExternalAuthorizerModel authorizer, ShownBody? body)
    {
        var question = new HttpRequestMessage { Method = HttpMethod.Parse(exchange.Context.Request.Method) };
        if (body is { } shown) question.Content = new ReadOnlyMemoryContent(shown.Bytes);
        foreach (var (name, values) in Shown(exchange.Context.Request.Headers, authorizer, body))
        {
            Add(question, name, (IEnumerable<string?>)values);
        }

        question.Headers.Host = exchange.Host;
        return question;
    }

    // Each name once, whoever says it: what is added replaces what the caller says.
    private static Dictionary<string, StringValues> Shown(
        IHeaderDictionary headers, ExternalAuthorizerModel authorizer, ShownBody? body)
    {
        var shown = new Dictionary<string, StringValues>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in headers)
        {
            if (IsShown(name, authorizer)) shown[name] = values;
        }

        foreach (var (name, value) in authorizer.AdditionalHeaders) shown[name] = value;
        if (body is { } part) shown[PartialBody] = part.IsPartial ? "true" : "false";
        return shown;
    }

    public static async Task<CheckAnswer> ReadAsync(
        HttpResponseMessage response, ExternalAuthorizerModel authorizer, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        if (status is < 200 or >= 500) return CheckAnswer.Failed($"it answered {status}");
        if (response.Content.Headers is { ContentLength: null } content && content.NonValidated.Contains("Content-Length"))
        {
            return CheckAnswer.Failed("its answer cannot be read");
        }

        if (await BoundedAnswer.ReadAsync(response, cancellationToken).ConfigureAwait(false) is not { } body)
        {
            return CheckAnswer.Failed($"its answer is longer than {BoundedAnswer.LongestBody} bytes");
        }

        return status == (int)HttpStatusCode.OK
            ? CheckAnswer.Allowed(
                Removed(response),
                Changes(response, authorizer.ToUpstreamOnAllow.Contains, AnswerHeaders.MayChangeRequest, isReplacing: true),
                Changes(response, authorizer.ToDownstreamOnAllow.Contains, AnswerHeaders.MayChangeResponse, isReplacing: false))
            : CheckAnswer.Denied(
                status,
                Changes(
                    response, name => IsForCaller(name, authorizer), AnswerHeaders.MayChangeResponse, isReplacing: true),
                body);
    }

    private static bool IsShown(string name, ExternalAuthorizerModel authorizer) =>
        name.Length > 0
        && name[0] != ':'
        && !ConnectionHeaders.IsHopByHop(name)
        && !name.Equals("Host", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("Expect", StringComparison.OrdinalIgnoreCase)
        && (name.Equals("Authorization", StringComparison.OrdinalIgnoreCase) || authorizer.RequestHeaders.Contains(name));

    // What tells the caller how to go on is for it in any case.
    private static bool IsForCaller(string name, ExternalAuthorizerModel authorizer) =>
        authorizer.ToDownstreamOnDeny is not { } names
        || names.Contains(name)
        || name.Equals("WWW-Authenticate", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Location", StringComparison.OrdinalIgnoreCase);

    private static void Add(HttpRequestMessage question, string name, IEnumerable<string?> values)
    {
        if (question.Headers.TryAddWithoutValidation(name, values)) return;
        question.Content ??= new NoContent();
        if (!question.Content.Headers.TryAddWithoutValidation(name, values))
        {
            throw new InvalidOperationException($"the header {name} cannot be shown"); // and is not left out in silence
        }
    }

    private static List<string> Removed(HttpResponseMessage response)
    {
        var removed = new List<string>();
        if (!response.Headers.NonValidated.TryGetValues(RemovedHeaders, out var lines)) return removed;
        foreach (var line in lines)
        {
            foreach (var name in line.Split(',', StringSplitOptions.TrimEntries))
            {
                if (AnswerHeaders.MayChangeRequest(name)) removed.Add(name);
            }
        }

        return removed;
    }

    private static List<HeaderChange> Changes(
        HttpResponseMessage response, Func<string, bool> isWanted, Func<string, bool> isAllowed, bool isReplacing)
    {
        var changes = new List<HeaderChange>();
        Collect(response.Headers.NonValidated);
        Collect(response.Content.Headers.NonValidated);
        return changes;

        void Collect(System.Net.Http.Headers.HttpHeadersNonValidated headers)
        {
            foreach (var (name, values) in headers)
            {
                if (!isAllowed(name) || !isWanted(name)) continue;
                var action = isReplacing ? HeaderAppendAction.Overwrite : HeaderAppendAction.Append;
                foreach (var value in values)
                {
                    if (!AnswerHeaders.IsWritable(name, value)) continue; // nothing that HTTP would carry
                    changes.Add(new HeaderChange(name, value, action));
                    action = HeaderAppendAction.Append;
                }
            }
        }
    }
}
