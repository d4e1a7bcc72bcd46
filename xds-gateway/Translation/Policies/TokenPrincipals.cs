using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Matcher;
using MeshOrleans.Xds.Protocol.Rbac;
using MeshOrleans.Xds.Translation.Routes;

namespace MeshOrleans.Xds.Translation.Policies;

/// <summary>Makes questions about the token of a request, as Istio asks them. Without a token none holds.</summary>
internal static class TokenPrincipals
{
    /// <summary>
    /// <c>iss/sub</c> as one text, of which a wildcard may stand at either end. Issuers are often addresses, and subjects
    /// may have slashes too, so every way of parting the text is asked for; a wildcard may reach over the slash.
    /// </summary>
    public static IEnumerable<Principal> Of(string pattern)
    {
        var slashes = Enumerable.Range(0, pattern.Length).Where(i => pattern[i] == '/').ToList();
        var parts = slashes.Select(i => Both(pattern[..i], pattern[(i + 1)..])).ToList();
        if (pattern == "*") return [Both("*", "*")];
        if (pattern.EndsWith('*')) parts.Add(Both(pattern, "*"));
        if (pattern.StartsWith('*')) parts.Add(Both("*", pattern));
        return parts.Count > 0 ? parts : [Both(pattern, "")]; // no principal is without a slash
    }

    private static Principal Both(string issuer, string subject) =>
        Rbac.All([Claim("iss", issuer), Claim("sub", subject)]);

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
