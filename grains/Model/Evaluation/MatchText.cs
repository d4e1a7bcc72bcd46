namespace MeshOrleans.Model.Evaluation;

/// <summary>Puts conditions into words for a person who asks why a request went where it went.</summary>
internal static class MatchText
{
    private const int LongestValue = 200;

    public static string Unmet(string what, string wanted, string? got) => $"{what}: wanted {wanted}, got {Value(got)}";

    public static string Unmet<TView>(HeaderMatcher matcher, in TView view)
        where TView : struct, IRequestView, allows ref struct
    {
        var what = matcher.Name == ":method" ? "method" : $"header {matcher.Name}";
        return Unmet(what, Of(matcher), matcher.ValueIn(in view));
    }

    public static string Unmet(QueryParameterMatcher matcher, ReadOnlySpan<char> query) => Unmet(
        $"query parameter {matcher.Name}",
        matcher.Value is { } value ? Of(value) : "any value",
        matcher.TryFind(query, out var found) ? found.ToString() : null);

    public static string Of(HeaderMatcher matcher)
    {
        if (matcher.Value is not { } value) return matcher.Present != matcher.Invert ? "any value" : "none";
        return matcher.Invert ? $"anything but {Of(value)}" : Of(value);
    }

    public static string Of(PathMatcher matcher)
    {
        var kind = matcher.Kind switch
        {
            PathMatchKind.Exact => "exact",
            PathMatchKind.Prefix => "prefix",
            PathMatchKind.SegmentPrefix => "segments below",
            _ => "regex",
        };
        return matcher.CaseSensitive || matcher.Kind is PathMatchKind.Regex
            ? $"{kind} {Value(matcher.Text)}"
            : $"{kind} {Value(matcher.Text)} in any case";
    }

    public static string Of(ClaimMatcher matcher) => matcher switch
    {
        ClaimMatcher.Text text => Of(text.Matcher),
        ClaimMatcher.OneOf one => $"a list with {Of(one.Matcher)}",
        ClaimMatcher.Either either => string.Join(" or ", either.Matchers.Select(Of)),
        _ => "anything",
    };

    public static string Of(StringMatcher matcher)
    {
        var kind = matcher.Kind.ToString().ToLowerInvariant();
        return matcher.IgnoreCase ? $"{kind} {Value(matcher.Text)} in any case" : $"{kind} {Value(matcher.Text)}";
    }

    public static string Value(string? text) => text switch
    {
        null => "none",
        { Length: > LongestValue } => $"\"{text[..LongestValue]}...\"",
        _ => $"\"{text}\"",
    };
}
