using System.Collections.Frozen;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Model.Validation;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Jwt;
using Proto = MeshOrleans.Xds.Protocol.Matcher;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>The token filter to prepared rules, and what policies ask of a token.</summary>
/// <remarks>
/// What is not understood is refused, with one exception: keys that cannot be used are none, so that the tokens of one
/// issuer are refused and all else goes on.
/// </remarks>
internal static class TokenReader
{
    private const int MaxDepth = 8;

    public static TokenAuthentication Read(JwtAuthentication filter, FieldPath at)
    {
        if (filter.Providers.Count == 0 && filter.Rules.Count == 0) return TokenAuthentication.Nothing;
        if (!filter.BypassCorsPreflight)
        {
            throw new UnusableResourceException(at.At("bypass_cors_preflight"), "must be true");
        }

        if (filter.Rules is not [var rule] || TokenRequirements.ProvidersOf(rule) is not { Count: > 0 } names)
        {
            throw new UnusableResourceException(
                at.At("rules"), "must be one for all requests, under which a token may be missing but not wrong");
        }

        return new TokenAuthentication([.. names.Select(name => Rule(filter, name, at.At("providers").At(name)))]);
    }

    /// <summary>What a policy asks.</summary>
    public static RequestRule.TokenClaim Claim(Proto.MetadataMatcher matcher, FieldPath at)
    {
        if (matcher.Invert) throw new UnusableResourceException(at.At("invert"), "is not supported");
        var condition = Condition(matcher, at);
        return new RequestRule.TokenClaim(condition.Path, condition.Matcher);
    }

    /// <summary>What a route asks.</summary>
    public static ClaimCondition Condition(Proto.MetadataMatcher matcher, FieldPath at)
    {
        if (matcher.Filter != TokenRequirements.MetadataFilter)
        {
            throw new UnusableResourceException(at.At("filter"), $"{matcher.Filter} is not supported");
        }

        if (matcher.Path is not [{ Key: TokenRequirements.PayloadKey }, _, ..])
        {
            throw new UnusableResourceException(at.At("path"), $"must lead from {TokenRequirements.PayloadKey} to a claim");
        }

        return new ClaimCondition(
            [.. matcher.Path.Skip(1).Select(segment => segment.Key)],
            Value(matcher.Value, at.At("value"), MaxDepth),
            matcher.Invert);
    }

    private static ClaimMatcher Value(Proto.ValueMatcher? matcher, FieldPath at, int depth)
    {
        if (depth == 0) throw new UnusableResourceException(at, "is nested too deeply");
        return matcher?.MatchPatternCase switch
        {
            Proto.ValueMatcher.MatchPatternOneofCase.StringMatch =>
                new ClaimMatcher.Text(MatcherReader.Text(matcher.StringMatch, at.At("string_match"))),
            Proto.ValueMatcher.MatchPatternOneofCase.ListMatch =>
                new ClaimMatcher.OneOf(Value(matcher.ListMatch.OneOf, at.At("list_match").At("one_of"), depth - 1)),
            Proto.ValueMatcher.MatchPatternOneofCase.OrMatch => new ClaimMatcher.Either(
            [
                .. matcher.OrMatch.ValueMatchers.Select(
                    (m, i) => Value(m, at.At("or_match").At("value_matchers").At(i), depth - 1)),
            ]),
            var other => throw new UnusableResourceException(at, $"{other} is not supported"),
        };
    }

    private static TokenRule Rule(JwtAuthentication filter, string name, FieldPath at)
    {
        if (!filter.Providers.TryGetValue(name, out var provider))
        {
            throw new UnusableResourceException(at, "is required by a rule");
        }

        if (provider.LocalJwks is not { HasInlineString: true })
        {
            throw new UnusableResourceException(at.At("local_jwks"), "must be an inline_string");
        }

        if (provider.ClockSkewSeconds is not (0 or 60))
        {
            throw new UnusableResourceException(at.At("clock_skew_seconds"), "must be 60");
        }

        if (provider.PayloadInMetadata is not TokenRequirements.PayloadKey)
        {
            throw new UnusableResourceException(
                at.At("payload_in_metadata"), $"must be {TokenRequirements.PayloadKey}");
        }

        return new TokenRule
        {
            Issuer = provider.Issuer,
            Audiences = [.. provider.Audiences],
            Keys = JsonWebKeySet.TryParse(provider.LocalJwks.InlineString, out var keys, out _)
                ? keys
                : JsonWebKeySet.Empty,
            FromHeaders = [.. provider.FromHeaders.Select(h => new TokenHeader(h.Name, h.ValuePrefix))],
            FromParameters = [.. provider.FromParams],
            FromCookies = [.. provider.FromCookies],
            Forward = provider.Forward,
            PayloadHeader = provider.ForwardPayloadHeader,
            ClaimHeaders = [.. provider.ClaimToHeaders.Select(c => new ClaimHeader(c.HeaderName, c.ClaimName))],
            SpaceDelimited = (provider.NormalizePayloadInMetadata?.SpaceDelimitedClaims ?? []).ToFrozenSet(),
        };
    }
}
