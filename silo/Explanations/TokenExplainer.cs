using System.Collections.Immutable;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Silo.Explanations;

/// <summary>What a member's sidecar makes of the tokens of a request, by the verifier that it uses itself.</summary>
internal static class TokenExplainer
{
    /// <summary>Judges the tokens, and makes the request what policy sees of it.</summary>
    /// <param name="tokens">The rules of the port.</param>
    /// <param name="view">The request as it comes in.</param>
    /// <param name="now">The time by which tokens are judged.</param>
    public static (TokenOutcome Outcome, RequestView Seen) Judge(
        TokenAuthentication tokens, RequestView view, DateTimeOffset now)
    {
        if (tokens.Rules.IsEmpty) return (default, view);
        var bare = view with { Call = view.Call with { Headers = WithoutClaims(tokens, view.Call.Headers) } };
        var outcome = tokens.Judge(in bare, now);
        return outcome is { Token: { } token, Rule: { } rule }
            ? (outcome, bare with { Token = token, Call = bare.Call with { Headers = PassOn(bare, token, rule) } })
            : (outcome, bare);
    }

    /// <summary>The headers without what only tokens say, and without what an application may read as one of
    /// them.</summary>
    public static ImmutableDictionary<string, StringValues> WithoutClaims(
        TokenAuthentication tokens, ImmutableDictionary<string, StringValues> headers) =>
        headers.RemoveRange(headers.Keys.Where(name => tokens.OutputHeaders.Any(output => MeshHeaders.IsTwin(name, output))));

    /// <summary>The status of a refusal; null when the request goes on.</summary>
    public static int? StatusOf(TokenProblem problem) => problem switch
    {
        TokenProblem.None => null,
        TokenProblem.AudienceNotAllowed => 403,
        _ => 401,
    };

    /// <summary>Whose token counts, or why none does; empty where none is looked for.</summary>
    public static string Text(TokenAuthentication tokens, TokenOutcome outcome) =>
        tokens.Rules.IsEmpty ? ""
        : outcome.Token is { } token ? $"of {token.Issuer}/{token.Subject}"
        : outcome.Problem is TokenProblem.None ? "none sent"
        : $"refused: {outcome.Problem.Text()}";

    private static ImmutableDictionary<string, StringValues> PassOn(RequestView view, VerifiedToken token, TokenRule rule)
    {
        var headers = view.Call.Headers;
        if (!rule.Forward)
        {
            headers = headers.RemoveRange(rule.Headers
                .Where(place => headers.GetValueOrDefault(place.Name).Any(line => TokenPlaces.TryRead(place, line ?? "", out _)))
                .Select(place => place.Name));
        }

        if (rule.PayloadHeader.Length > 0) headers = headers.SetItem(rule.PayloadHeader, token.PayloadText);
        foreach (var claim in rule.ClaimHeaders)
        {
            if (token.HeaderValue(claim.Claim) is not { } value) continue;
            headers = headers.SetItem(claim.Header, StringValues.Concat(headers.GetValueOrDefault(claim.Header), value));
        }

        return headers;
    }
}
