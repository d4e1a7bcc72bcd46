using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Matcher;
using MeshOrleans.Xds.Protocol.Rbac;
using MeshOrleans.Xds.Translation.Routes;

namespace MeshOrleans.Xds.Translation.Policies;

/// <summary>Makes questions about the token of a request, as Istio asks them. Without a token none holds.</summary>
internal static class TokenPrincipals
{
    /// <summary>
    /// <c>iss/sub</c>, parted at the last slash, since issuers are often addresses; a wildcard may stand at either end.
    /// </summary>
    public static IEnumerable<Principal> Of(string pattern)
    {
        var (issuer, subject) = Part(pattern);
        return [Rbac.All([Claim("iss", issuer), Claim("sub", subject)])];
    }

    /// <summary>A claim that is a text, or a list of texts one of which it is.</summary>
    public static Principal Claim(IReadOnlyList<string> path, string pattern) =>
        new() { Metadata = Matcher(path, PatternText.Matcher(pattern)) };

    /// <summary>The same question in the form of routes.</summary>
    public static MetadataMatcher Matcher(IReadOnlyList<string> path, StringMatcher matcher)
    {
        var text = new ValueMatcher { StringMatch = matcher };
        return Metadata(path, new ValueMatcher
        {
            OrMatch = new OrMatcher
            {
                ValueMatchers = { text, new ValueMatcher { ListMatch = new ListMatcher { OneOf = text } } },
            },
        });
    }

    private static (string Issuer, string Subject) Part(string pattern)
    {
        if (pattern == "*") return ("*", "*");
        var slash = pattern.LastIndexOf('/');
        if (slash >= 0) return (pattern[..slash], pattern[(slash + 1)..]);
        if (pattern.StartsWith('*')) return ("*", pattern);
        return pattern.EndsWith('*') ? (pattern, "*") : (pattern, "");
    }

    private static Principal Claim(string name, string pattern) =>
        new() { Metadata = Metadata([name], new ValueMatcher { StringMatch = PatternText.Matcher(pattern) }) };

    private static MetadataMatcher Metadata(IReadOnlyList<string> path, ValueMatcher value) => new()
    {
        Filter = TokenRequirements.MetadataFilter,
        Path = { path.Prepend(TokenRequirements.PayloadKey).Select(Segment) },
        Value = value,
    };

    private static MetadataMatcher.Types.PathSegment Segment(string key) => new() { Key = key };
}
