namespace MeshOrleans.Model.Tokens;

/// <summary>Decides whether a token is one that a rule accepts.</summary>
/// <remarks>
/// In Envoy's order: form, issuer, time, audience, key, signature. A token names its key (<c>kid</c>) or is tried with
/// all keys of its kind. A key never serves an algorithm of another kind, so an RSA key is never taken for a shared
/// secret.
/// </remarks>
internal static class TokenVerifier
{
    /// <summary>How far the clocks of issuer and proxy may be apart, in seconds; Envoy's default.</summary>
    private const double ClockSkew = 60;

    /// <summary>Never throws, whatever the text.</summary>
    public static TokenProblem Verify(
        TokenRule rule, ReadOnlySpan<char> text, DateTimeOffset now, out VerifiedToken? token)
    {
        token = null;
        if (!CompactToken.TryParse(text, out var parsed)) return TokenProblem.Malformed;
        if (parsed.Algorithm is not { } algorithm) return TokenProblem.AlgorithmNotSupported;
        if (rule.Issuer.Length > 0 && parsed.Claims["iss"]?.Text != rule.Issuer) return TokenProblem.UnknownIssuer;
        var candidate = new VerifiedToken(parsed, rule.SpaceDelimited);
        if (CheckTime(candidate, now) is not TokenProblem.None and var early) return early;
        if (!IsForUs(rule, parsed.Claims["aud"])) return TokenProblem.AudienceNotAllowed;
        var problem = CheckSignature(rule.Keys, parsed, algorithm);
        if (problem is TokenProblem.None) token = candidate;
        return problem;
    }

    /// <summary>Whether it is the token's time; also asked of tokens that were verified before.</summary>
    public static TokenProblem CheckTime(VerifiedToken token, DateTimeOffset now)
    {
        var seconds = now.ToUnixTimeMilliseconds() / 1000.0;
        if (seconds > token.Expires + ClockSkew) return TokenProblem.Expired;
        return token.NotBefore > seconds + ClockSkew ? TokenProblem.NotYetValid : TokenProblem.None;
    }

    private static bool IsForUs(TokenRule rule, Claim? audience)
    {
        if (rule.Audiences.IsEmpty) return true;
        if (audience is null) return false;
        if (audience.Kind is ClaimKind.Text) return rule.Audiences.Contains(audience.Text);
        foreach (var item in audience.Items)
        {
            if (rule.Audiences.Contains(item.Text)) return true;
        }

        return false;
    }

    private static TokenProblem CheckSignature(JsonWebKeySet keys, CompactToken token, JwsAlgorithm algorithm)
    {
        var problem = TokenProblem.NoKey;
        foreach (var key in keys.Keys)
        {
            // a key without a name may be anybody's; one with another name is not meant
            if (token.KeyId is { } wanted && key.Id is { } name && name != wanted) continue;
            if (!key.Fits(algorithm)) continue;
            if (key.Verifies(algorithm, token.Signed, token.Signature)) return TokenProblem.None;
            problem = TokenProblem.BadSignature;
        }

        return problem;
    }
}
