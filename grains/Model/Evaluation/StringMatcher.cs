using System.Text.RegularExpressions;

namespace MeshOrleans.Model.Evaluation;

/// <summary>How a <see cref="StringMatcher"/> compares.</summary>
public enum StringMatchKind
{
    /// <summary>The whole text.</summary>
    Exact,

    /// <summary>The start of the text.</summary>
    Prefix,

    /// <summary>The end of the text.</summary>
    Suffix,

    /// <summary>Any part of the text.</summary>
    Contains,

    /// <summary>An RE2 pattern over the whole text.</summary>
    Regex,
}

/// <summary>One prepared comparison of text, as <c>envoy.type.matcher.v3.StringMatcher</c> means it.</summary>
public sealed class StringMatcher
{
    private const string AnyCase = "(?i)";

    private readonly Regex? _regex;
    private readonly StringComparison _comparison;

    private StringMatcher(StringMatchKind kind, string text, bool ignoreCase)
    {
        (Kind, Text, IgnoreCase) = (kind, text, ignoreCase);
        _comparison = ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        if (kind is StringMatchKind.Regex) _regex = Re2Pattern.CompileFull(text);
    }

    /// <summary>The kind of comparison.</summary>
    public StringMatchKind Kind { get; }

    /// <summary>What is compared with; the pattern of a regex.</summary>
    public string Text { get; }

    /// <summary>True when ASCII case does not count. A regex never ignores case by this.</summary>
    public bool IgnoreCase { get; }

    /// <summary>The whole text must be equal.</summary>
    public static StringMatcher Exact(string text, bool ignoreCase = false) =>
        new(StringMatchKind.Exact, text, ignoreCase);

    /// <summary>The text must begin so.</summary>
    public static StringMatcher Prefix(string text, bool ignoreCase = false) =>
        new(StringMatchKind.Prefix, text, ignoreCase);

    /// <summary>The text must end so.</summary>
    public static StringMatcher Suffix(string text, bool ignoreCase = false) =>
        new(StringMatchKind.Suffix, text, ignoreCase);

    /// <summary>The text must have this somewhere.</summary>
    public static StringMatcher Contains(string text, bool ignoreCase = false) =>
        new(StringMatchKind.Contains, text, ignoreCase);

    /// <summary>The whole text must match an RE2 pattern.</summary>
    /// <exception cref="FormatException">The pattern is not RE2, or too long.</exception>
    public static StringMatcher Regex(string pattern) => new(StringMatchKind.Regex, pattern, ignoreCase: false);

    /// <summary>The same without regard to case.</summary>
    public StringMatcher InAnyCase()
    {
        if (Kind is not StringMatchKind.Regex) return new(Kind, Text, ignoreCase: true);
        return Text.Length + AnyCase.Length > Re2Pattern.MaxLength ? this : Regex(AnyCase + Text);
    }

    /// <summary>Compares.</summary>
    public bool Matches(ReadOnlySpan<char> value) => Kind switch
    {
        StringMatchKind.Exact => value.Equals(Text, _comparison),
        StringMatchKind.Prefix => value.StartsWith(Text, _comparison),
        StringMatchKind.Suffix => value.EndsWith(Text, _comparison),
        StringMatchKind.Contains => value.Contains(Text, _comparison),
        _ => _regex!.IsMatch(value),
    };

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}({Text})";
}
