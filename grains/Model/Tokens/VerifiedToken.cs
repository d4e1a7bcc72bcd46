using System.Buffers.Text;
using System.Collections.Frozen;
using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Model.Tokens;

/// <summary>A token whose signature, issuer, audience and time were right. It is asked for its time with each use.</summary>
public sealed class VerifiedToken
{
    private readonly CompactToken _token;
    private readonly FrozenSet<string> _spaceDelimited;

    internal VerifiedToken(CompactToken token, FrozenSet<string> spaceDelimited) =>
        (_token, _spaceDelimited) = (token, spaceDelimited);

    /// <summary>All that it claims.</summary>
    public Claim Claims => _token.Claims;

    /// <summary>Who has issued it; empty when it does not say.</summary>
    public string Issuer => Claims["iss"]?.Text ?? "";

    /// <summary>Whom it is about; empty when it does not say.</summary>
    public string Subject => Claims["sub"]?.Text ?? "";

    /// <summary>The payload in base64url, as <c>outputPayloadToHeader</c> passes it on.</summary>
    public string PayloadText => Base64Url.EncodeToString(_token.Payload);

    /// <summary>Seconds since 1970 from which on it is of no use to anybody; infinite when it says nothing.</summary>
    internal double Expires => _token.Expires ?? double.PositiveInfinity;

    internal double NotBefore => _token.NotBefore ?? 0;

    /// <summary>Whether a claim is there and matches.</summary>
    /// <param name="path">The names that lead to it; each but the last is that of an object.</param>
    /// <param name="matcher">What it is compared with.</param>
    public bool Holds(ImmutableArray<string> path, ClaimMatcher matcher)
    {
        var claim = Claims;
        foreach (var name in path)
        {
            if (claim[name] is not { } inner) return false;
            claim = inner;
        }

        return matcher.Matches(claim, path is [var only] && _spaceDelimited.Contains(only));
    }

    /// <summary>A claim as the value of a header; null when there is none, or a header cannot say it.</summary>
    /// <param name="path">The names on the way, joined by dots; a name that has dots itself is tried first.</param>
    /// <remarks>
    /// Strings, numbers and flags as they are, lists and objects as base64 of their JSON text, as Envoy does. A text
    /// with anything but printable ASCII is left out.
    /// </remarks>
    public string? HeaderValue(string path)
    {
        if (Find(Claims, path) is not { } claim) return null;
        var text = claim.Kind switch
        {
            ClaimKind.List or ClaimKind.Object => Convert.ToBase64String(_token.Payload.AsSpan(claim.Place)),
            _ => claim.Text,
        };
        return text.Length == 0 || text.AsSpan().ContainsAnyExceptInRange(' ', '~') ? null : text;
    }

    /// <inheritdoc/>
    public override string ToString() => nameof(VerifiedToken); // never its text

    private static Claim? Find(Claim claims, string path)
    {
        if (claims[path] is { } found) return found;
        var dot = path.IndexOf('.');
        return dot < 0 || claims[path[..dot]] is not { } inner ? null : Find(inner, path[(dot + 1)..]);
    }
}
