namespace MeshOrleans.Xds.Translation.Policies;

/// <summary>Reads the names that lead to a claim.</summary>
internal static class ClaimPath
{
    private const string Condition = "request.auth.claims";
    private const string Header = "@request.auth.";
    private const string HeaderClaims = "@request.auth.claims";

    /// <summary><c>request.auth.claims[a][b]</c>; null when the key of a condition is none of that kind.</summary>
    public static IReadOnlyList<string>? OfCondition(string key) =>
        key.StartsWith(Condition, StringComparison.Ordinal) ? InBrackets(key[Condition.Length..]) : null;

    /// <summary>Whether the name of a header in a route asks for something that is no header at all.</summary>
    public static bool IsNoHeader(string name) => name.StartsWith(Header, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// <c>@request.auth.claims[a][b]</c> or <c>@request.auth.claims.a.b</c>; null when the name of a header is neither.
    /// </summary>
    public static IReadOnlyList<string>? OfHeader(string name)
    {
        if (!name.StartsWith(HeaderClaims, StringComparison.OrdinalIgnoreCase)) return null;
        var rest = name[HeaderClaims.Length..];
        if (!rest.StartsWith('.')) return InBrackets(rest);
        var names = rest[1..].Split('.');
        return names.All(part => part.Length > 0) ? names : null;
    }

    private static string[]? InBrackets(string text)
    {
        if (text.Length < 3 || text[0] != '[' || text[^1] != ']') return null;
        var names = text[1..^1].Split("][");
        return names.All(name => name.Length > 0 && !name.Contains('[') && !name.Contains(']')) ? names : null;
    }
}
