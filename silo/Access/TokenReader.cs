using MeshOrleans.Model.Tokens;
using MeshOrleans.Silo.Access.Keys;

namespace MeshOrleans.Silo.Access;

/// <summary>Verifies tokens of issuers of the access file: issuer, algorithm, time, audience, signature.</summary>
internal sealed class TokenReader(KeyBook book, TimeProvider clock)
{
    private const string Endless = "The token is not accepted: it has no exp, and would never end.";

    /// <summary>The issuer that a text says it is from, with nothing verified; null when it is no token.</summary>
    public static string? ClaimedIssuer(string text) =>
        CompactToken.TryParse(text, out var token) ? token.Claims["iss"]?.Text : null;

    /// <summary>Whether a text looks like a signed token: three parts with dots between them.</summary>
    public static bool IsToken(string text) => text.Count('.') == 2 && text.StartsWith("eyJ", StringComparison.Ordinal);

    /// <summary>
    /// Looks at a token without asking anybody: at all but its signature. Never throws, whatever the text.
    /// </summary>
    /// <returns>What it claims, not verified; or a sentence that says why it can be no good.</returns>
    public (Claim? Claims, string Refusal) Examine(TrustedIssuer issuer, string text)
    {
        if (!CompactToken.TryParse(text, out var token)) return (null, Refusal(TokenProblem.Malformed));
        if (ForeignAlgorithm(issuer, token) is { } foreign) return (null, foreign);
        var problem = TokenVerifier.Examine(RuleOf(issuer, keys: null), token, clock.GetUtcNow());
        return problem is not TokenProblem.None ? (null, Refusal(problem))
            : token.Claims["exp"] is null ? (null, Endless)
            : (token.Claims, "");
    }

    /// <summary>Verifies a token. Never throws, whatever the text.</summary>
    /// <returns>
    /// The token, or a sentence that says why not: for the caller, without anything of the token; and whether there were
    /// keys to verify it by.
    /// </returns>
    public async Task<(VerifiedToken? Token, string Refusal, bool HasKeys)> VerifyAsync(
        TrustedIssuer issuer, string text, CancellationToken cancellationToken)
    {
        if (!CompactToken.TryParse(text, out var parsed)) return (null, Refusal(TokenProblem.Malformed), HasKeys: true);
        if (ForeignAlgorithm(issuer, parsed) is { } foreign) return (null, foreign, HasKeys: true);

        var held = book.Of(issuer.Keys);
        var keys = await held.GetAsync(wantsNew: false, cancellationToken);
        var (token, problem) = Verify(issuer, keys, parsed);
        if (problem is TokenProblem.NoKey)
        {
            // the issuer may have a new key; asked for at most every half minute
            keys = await held.GetAsync(wantsNew: true, cancellationToken);
            (token, problem) = Verify(issuer, keys, parsed);
        }

        if (keys is null)
        {
            const string Unknown = "The keys of the token's issuer are not known here, so that no token of it is accepted.";
            return (null, Unknown, HasKeys: false);
        }

        if (token is null) return (null, Refusal(problem), HasKeys: true);
        return token.Claims["exp"] is null ? (null, Endless, HasKeys: true) : (token, "", HasKeys: true);
    }

    private static string Refusal(TokenProblem problem) => $"The token is not accepted: {problem.Text()}.";

    private (VerifiedToken? Token, TokenProblem Problem) Verify(
        TrustedIssuer issuer, JsonWebKeySet? keys, CompactToken parsed)
    {
        var problem = TokenVerifier.Verify(RuleOf(issuer, keys), parsed, clock.GetUtcNow(), out var token);
        return (token, problem);
    }

    private static TokenRule RuleOf(TrustedIssuer issuer, JsonWebKeySet? keys) => new()
    {
        Issuer = issuer.Issuer,
        Audiences = issuer.Audiences,
        Keys = keys ?? JsonWebKeySet.Empty,
    };

    // null also where it is none of the nine: the verifier says so
    private static string? ForeignAlgorithm(TrustedIssuer issuer, CompactToken token) =>
        token.Algorithm?.Name is { } name
        && !issuer.Algorithms.Contains(name)
            ? $"The token is signed by {name}, which is not among the algorithms of its issuer."
            : null;
}
