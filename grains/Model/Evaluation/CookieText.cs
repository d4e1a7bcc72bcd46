namespace MeshOrleans.Model.Evaluation;

/// <summary>What may stand in a cookie.</summary>
/// <remarks>Source: RFC 6265 section 4.1.1.</remarks>
public static class CookieText
{
    /// <summary>Whether it can be the name of a cookie, or of an attribute: a token.</summary>
    public static bool IsName(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c));

    /// <summary>Whether it can be an attribute's value: no control characters and no semicolon; may be empty.</summary>
    public static bool IsValue(string text) => text.All(c => c is >= ' ' and <= '~' and not ';');
}
