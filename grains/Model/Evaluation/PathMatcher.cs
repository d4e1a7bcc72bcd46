using System.Text.RegularExpressions;

namespace MeshOrleans.Model.Evaluation;

/// <summary>How a route compares the path.</summary>
public enum PathMatchKind
{
    /// <summary>The whole path.</summary>
    Exact,

    /// <summary>The start of the text: <c>/foo</c> also takes <c>/foobar</c>.</summary>
    Prefix,

    /// <summary>Whole segments: <c>/foo</c> takes <c>/foo</c> and <c>/foo/bar</c>, not <c>/foobar</c>.</summary>
    SegmentPrefix,

    /// <summary>An RE2 pattern over the whole path.</summary>
    Regex,
}

/// <summary>The path condition of a route. The query never takes part.</summary>
public sealed class PathMatcher
{
    private readonly StringComparison _comparison;
    private readonly Regex? _regex;

    /// <summary>Prepares the comparison.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="text">The path, prefix (a segment prefix without its last slash) or pattern.</param>
    /// <param name="caseSensitive">Whether case counts; a pattern says so itself.</param>
    /// <exception cref="FormatException">The pattern is not RE2, or too long.</exception>
    public PathMatcher(PathMatchKind kind, string text, bool caseSensitive = true)
    {
        (Kind, Text, CaseSensitive) = (kind, text, caseSensitive);
        _comparison = caseSensitive ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        if (kind is PathMatchKind.Regex) _regex = Re2Pattern.CompileFull(text);
    }

    /// <summary>Takes every path.</summary>
    public static PathMatcher Any { get; } = new(PathMatchKind.Prefix, "/");

    /// <summary>The kind of comparison.</summary>
    public PathMatchKind Kind { get; }

    /// <summary>The path, prefix or pattern.</summary>
    public string Text { get; }

    /// <summary>Whether case counts.</summary>
    public bool CaseSensitive { get; }

    /// <summary>
    /// How much of the path a prefix rewrite replaces: the prefix, or everything for the other kinds.
    /// </summary>
    public int MatchedLength(ReadOnlySpan<char> path) =>
        Kind is PathMatchKind.Prefix or PathMatchKind.SegmentPrefix ? Math.Min(Text.Length, path.Length) : path.Length;

    /// <summary>Compares with a normalised path.</summary>
    public bool Matches(ReadOnlySpan<char> path) => Kind switch
    {
        PathMatchKind.Exact => path.Equals(Text, _comparison),
        PathMatchKind.Prefix => path.StartsWith(Text, _comparison),
        PathMatchKind.SegmentPrefix => path.StartsWith(Text, _comparison)
            && (path.Length == Text.Length || path[Text.Length] == '/'),
        _ => _regex!.IsMatch(path),
    };

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}({Text})";
}
