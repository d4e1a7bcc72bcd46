namespace MeshOrleans.Model.Tokens;

/// <summary>Decides whether a token is one that a rule accepts.</summary>
/// <remarks>
/// In Envoy's order: form, issuer, time, audience, key, signature. A token names its key (<c>kid</c>) or is tried with
/// the keys of its kind, but not with more than <see cref="MaxTried"/>: a set may have a hundred, and whoever makes up
/// tokens would have each of them tried. A key never serves an algorithm of another kind, so an RSA key is never taken for a shared
/// secret.
/// </remarks>
internal static class TokenVerifier
{
    /// <summary>How far the clocks of issuer and proxy may be apart, in seconds; Envoy's default.</summary>
    private const double ClockSkew = 60;

    /// <summary>How many keys a token is tried with. Envoy has no such bound; issuers have fewer keys.</summary>
    public const int MaxTried = 16;

    /// <summary>Never throws, whatever the text.</summary>
    public static TokenProblem Verify(
        TokenRule rule, ReadOnlySpan<char> text, DateTimeOffset now, out VerifiedToken? token)
    {
        token = null;
        return CompactToken.TryParse(text, out var parsed) ? Verify(rule, parsed, now, out token) : TokenProblem.Malformed;
    }

    /// <summary>The same with a token that was taken apart before.</summary>
    public static TokenProblem Verify(
        TokenRule rule, CompactToken parsed, DateTimeOffset now, out VerifiedToken? token)
    {
        token = null;
        var problem = Examine(rule, parsed, now);
        if (problem is TokenProblem.None) problem = CheckSignature(rule.Keys, parsed, parsed.Algorithm!);
        if (problem is TokenProblem.None) token = new VerifiedToken(parsed, rule.SpaceDelimited);
        return problem;
    }

    /// <summary>Looks at all but the signature, and needs no keys for it.</summary>
    public static TokenProblem Examine(TokenRule rule, CompactToken parsed, DateTimeOffset now)
    {
        if (parsed.Algorithm is null) return TokenProblem.AlgorithmNotSupported;
        if (rule.Issuer.Length > 0 && parsed.Claims["iss"]?.Text != rule.Issuer) return TokenProblem.UnknownIssuer;
        var time = CheckTime(new VerifiedToken(parsed, rule.SpaceDelimited), now);
        return time is not TokenProblem.None ? time
            : IsForUs(rule, parsed.Claims["aud"]) ? TokenProblem.None
            : TokenProblem.AudienceNotAllowed;
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
        var left = MaxTried;
        if (token.KeyId is not { } wanted) return Try(keys, token, algorithm, static (_, _) => true, "", ref left);

        // the one that is named goes first; a key without a name may be anybody's; one with another name is not meant
        var named = Try(keys, token, algorithm, static (key, wanted) => key.Id == wanted, wanted, ref left);
        if (named is TokenProblem.None) return named;
        var nameless = Try(keys, token, algorithm, static (key, _) => key.Id is null, wanted, ref left);
        return nameless is TokenProblem.NoKey ? named : nameless;
    }

    private static TokenProblem Try(
        JsonWebKeySet keys,
        CompactToken token,
        JwsAlgorithm algorithm,
        Func<JsonWebKey, string, bool> isMeant,
        string wanted,
        ref int left)
    {
        var problem = TokenProblem.NoKey;
        foreach (var key in keys.Keys)
        {
            if (!isMeant(key, wanted) || !key.Fits(algorithm)) continue;
            problem = TokenProblem.BadSignature;
            if (left-- <= 0) return problem;
            if (key.Verifies(algorithm, token.Signed, token.Signature)) return TokenProblem.None;
        }

        return problem;
    }
}
