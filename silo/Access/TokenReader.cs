using MeshOrleans.Model.Tokens;
using MeshOrleans.Silo.Access.Keys;

namespace MeshOrleans.Silo.Access;

/// <summary>Verifies tokens of issuers of the access file: issuer, algorithm, time, audience, signature.</summary>
internal sealed class TokenReader(KeyBook book, TimeProvider clock)
{
    /// <summary>The issuer that a text says it is from, with nothing verified; null when it is no token.</summary>
    public static string? ClaimedIssuer(string text) =>
        CompactToken.TryParse(text, out var token) ? token.Claims["iss"]?.Text : null;

    /// <summary>Whether a text looks like a signed token: three parts with dots between them.</summary>
    public static bool IsToken(string text) => text.Count('.') == 2 && text.StartsWith("eyJ", StringComparison.Ordinal);

    /// <summary>Verifies a token. Never throws, whatever the text.</summary>
    /// <returns>The token, or a sentence that says why not: for the caller, without anything of the token.</returns>
    public async Task<(VerifiedToken? Token, string Refusal)> VerifyAsync(
        TrustedIssuer issuer, string text, CancellationToken cancellationToken)
    {
        if (Algorithm(text) is { } algorithm && !issuer.Algorithms.Contains(algorithm))
        {
            return (null, $"The token is signed by {algorithm}, which is not among the algorithms of its issuer.");
        }

        var held = book.Of(issuer.Keys);
        var keys = await held.GetAsync(wantsNew: false, cancellationToken);
        var (token, problem) = Verify(issuer, keys, text);
        if (problem is TokenProblem.NoKey)
        {
            // the issuer may have a new key; asked for at most every half minute
            keys = await held.GetAsync(wantsNew: true, cancellationToken);
            (token, problem) = Verify(issuer, keys, text);
        }

        if (keys is null) return (null, "The keys of the token's issuer are not known here, so that no token of it is accepted.");
        if (token is null) return (null, $"The token is not accepted: {problem.Text()}.");
        return token.Claims["exp"] is null
            ? (null, "The token is not accepted: it has no exp, and would never end.")
            : (token, "");
    }

    private (VerifiedToken? Token, TokenProblem Problem) Verify(TrustedIssuer issuer, JsonWebKeySet? keys, string text)
    {
        var rule = new TokenRule
        {
            Issuer = issuer.Issuer,
            Audiences = issuer.Audiences,
            Keys = keys ?? JsonWebKeySet.Empty,
        };
        var problem = TokenVerifier.Verify(rule, text, clock.GetUtcNow(), out var token);
        return (token, problem);
    }

    // null where it is none of the nine, or no token at all: the verifier says so
    private static string? Algorithm(string text) =>
        CompactToken.TryParse(text, out var token) ? token.Algorithm?.Name : null;
}
