namespace MeshOrleans.Model.Config;

/// <summary>How a text is compared.</summary>
public enum StringMatchKind
{
    /// <summary>The whole text is equal.</summary>
    Exact,

    /// <summary>The text starts so.</summary>
    Prefix,

    /// <summary>The whole text matches an RE2 expression.</summary>
    Regex,

    /// <summary>There is a text at all; written <c>{}</c>.</summary>
    Presence,

    /// <summary>A path starts with these segments; only routes of the Gateway API say so, and only of paths.</summary>
    PathPrefix,
}

/// <summary>A condition on a text.</summary>
/// <param name="Kind">How it is compared.</param>
/// <param name="Value">With what; empty for <see cref="StringMatchKind.Presence"/>.</param>
public sealed record StringMatch(StringMatchKind Kind, string Value)
{
    /// <summary>Any text will do, but there must be one.</summary>
    public static StringMatch Presence { get; } = new(StringMatchKind.Presence, "");

    /// <summary>Equality with <paramref name="value"/>.</summary>
    public static StringMatch Exact(string value) => new(StringMatchKind.Exact, value);

    /// <summary>Starting with <paramref name="value"/>.</summary>
    public static StringMatch Prefix(string value) => new(StringMatchKind.Prefix, value);

    /// <summary>A path of the segments <paramref name="value"/>, or below them; a slash at its end says nothing.</summary>
    public static StringMatch PathPrefix(string value) => new(StringMatchKind.PathPrefix, value);

    /// <summary>Matching all of <paramref name="value"/>, an RE2 expression.</summary>
    public static StringMatch Regex(string value) => new(StringMatchKind.Regex, value);
}
