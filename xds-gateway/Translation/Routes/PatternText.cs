using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Matcher;

namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>
/// The patterns of authorization policies: a text, <c>abc*</c>, <c>*abc</c>, or <c>*</c> for anything present.
/// </summary>
internal static class PatternText
{
    /// <summary>The pattern as a matcher. <c>*</c> wants at least one character.</summary>
    public static StringMatcher Matcher(string pattern, string prefix = "", bool ignoreCase = false)
    {
        if (pattern == "*") return Regex(".+");
        if (pattern.EndsWith('*'))
        {
            return new StringMatcher { Prefix = prefix + pattern[..^1], IgnoreCase = ignoreCase };
        }

        // What stands before the text is whatever, so a fixed prefix would say nothing more.
        if (pattern.StartsWith('*')) return new StringMatcher { Suffix = pattern[1..], IgnoreCase = ignoreCase };
        return new StringMatcher { Exact = prefix + pattern, IgnoreCase = ignoreCase };
    }

    public static StringMatcher Regex(string expression) =>
        new() { SafeRegex = new RegexMatcher { Regex = expression } };

    /// <summary>
    /// The pattern as an expression for one segment of a path: its wildcard does not go beyond a slash.
    /// </summary>
    public static string Segment(string pattern) => pattern switch
    {
        "*" => "[^/]+",
        _ when pattern.EndsWith('*') => RegexText.Quote(pattern[..^1]) + "[^/]*",
        _ when pattern.StartsWith('*') => "[^/]*" + RegexText.Quote(pattern[1..]),
        _ => RegexText.Quote(pattern),
    };
}
