using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Model.Tokens;

/// <summary>The prepared RequestAuthentication of one port: all rules that apply to its requests.</summary>
/// <remarks>
/// As Istio sets Envoy up: a rule holds when there is a token in its places and all of them are good; the first that
/// holds counts. When none does, every token that was sent makes the request fail, also one of an issuer that no rule
/// is for. Without any token the request passes, and is nobody's.
/// </remarks>
public sealed class TokenAuthentication
{
    /// <summary>How many tokens one rule looks at in one request; each may cost a signature.</summary>
    private const int MaxTokens = 8;

    private readonly ImmutableArray<TokenCache> _caches;

    /// <summary>Prepares some rules.</summary>
    /// <param name="rules">The rules; the first that holds counts.</param>
    public TokenAuthentication(ImmutableArray<TokenRule> rules)
    {
        Rules = rules;
        _caches = [.. rules.Select(_ => new TokenCache())];
        OutputHeaders =
        [
            .. rules
                .SelectMany(rule => rule.ClaimHeaders.Select(claim => claim.Header).Prepend(rule.PayloadHeader))
                .Where(name => name.Length > 0)
                .Distinct(StringComparer.OrdinalIgnoreCase),
        ];
    }

    /// <summary>No rule: nobody looks for tokens.</summary>
    public static TokenAuthentication Nothing { get; } = new([]);

    /// <summary>The rules.</summary>
    public ImmutableArray<TokenRule> Rules { get; }

    /// <summary>The headers that say what a token said. A caller's own are always removed.</summary>
    public ImmutableArray<string> OutputHeaders { get; }

    /// <summary>Judges the tokens of a request. Never throws, whatever was sent.</summary>
    /// <param name="view">The request.</param>
    /// <param name="now">The time.</param>
    public TokenOutcome Judge<TView>(in TView view, DateTimeOffset now)
        where TView : struct, IRequestView, allows ref struct
    {
        if (Rules.IsEmpty || IsPreflight(in view)) return default;
        var problem = TokenProblem.None;
        for (var i = 0; i < Rules.Length; i++)
        {
            var check = new Check(Rules[i], _caches[i], now);
            Look(ref check, in view);
            if (check is { Problem: TokenProblem.None, Token: { } token })
            {
                return new TokenOutcome(TokenProblem.None, token, check.Rule);
            }

            // "not from this issuer" says less than what another rule has to say
            if (problem is TokenProblem.None or TokenProblem.UnknownIssuer && check.Problem is not TokenProblem.None)
            {
                problem = check.Problem;
            }
        }

        return new TokenOutcome(problem, Token: null, Rule: null);
    }

    // Source: Fetch, CORS-preflight request. It never bears credentials, and cannot.
    private static bool IsPreflight<TView>(in TView view)
        where TView : struct, IRequestView, allows ref struct =>
        view.Method == "OPTIONS"
        && view.Header("origin") is { Count: > 0 } origin
        && origin[0].Length > 0
        && view.Header("access-control-request-method") is { Count: > 0 } method
        && method[0].Length > 0;

    private static void Look<TView>(ref Check check, in TView view)
        where TView : struct, IRequestView, allows ref struct
    {
        foreach (var place in check.Rule.Headers)
        {
            var values = view.Header(place.Name);
            for (var i = 0; i < values.Count; i++)
            {
                if (TokenPlaces.TryRead(place, values[i], out var token)) check.Offer(token);
            }
        }

        foreach (var name in check.Rule.Parameters)
        {
            var rest = view.Query.AsSpan();
            while (TokenPlaces.TryReadNext(ref rest, '&', name, out var token)) check.Offer(token);
        }

        foreach (var name in check.Rule.FromCookies)
        {
            var values = view.Header("cookie");
            for (var i = 0; i < values.Count; i++)
            {
                var rest = values[i].AsSpan();
                while (TokenPlaces.TryReadNext(ref rest, ';', name, out var token)) check.Offer(token);
            }
        }
    }

    // What one rule says of the tokens in its places: all must be good, the first counts.
    private struct Check(TokenRule rule, TokenCache cache, DateTimeOffset now)
    {
        private int _count;

        public readonly TokenRule Rule => rule;

        public TokenProblem Problem { get; private set; }

        public VerifiedToken? Token { get; private set; }

        public void Offer(ReadOnlySpan<char> text)
        {
            if (Problem is not TokenProblem.None) return;
            if (++_count > MaxTokens || text.Length > CompactToken.MaxLength)
            {
                Problem = TokenProblem.Malformed;
                return;
            }

            var key = TokenCache.Key.Of(text);
            var token = cache.Find(in key);
            if (token is not null)
            {
                Problem = TokenVerifier.CheckTime(token, now);
            }
            else
            {
                Problem = TokenVerifier.Verify(rule, text, now, out token);
                if (token is not null) cache.Add(in key, token);
            }

            Token ??= token;
        }
    }
}
