namespace MeshOrleans.Model.Evaluation;

/// <summary>
/// A path with wildcards: <c>*</c> for one segment, <c>**</c> for any text between its slashes, none included. Behind <c>**</c> there
/// are no further wildcards, so a path is compared from both ends and never tried in several ways.
/// </summary>
/// <remarks>
/// The braces of an AuthorizationPolicy (<c>{*}</c>, <c>{**}</c>) may stay. Source: Envoy's <c>UriTemplateMatchConfig</c>, where
/// <c>**</c> is the last operator: <c>/**/end</c> has <c>/a/end</c> and <c>//end</c>, but not <c>/end</c>.
/// </remarks>
public sealed class PathTemplate
{
    private readonly string[] _head;
    private readonly string? _tail; // what the path ends with, its slash included; null without "**"

    /// <summary>Prepares a template.</summary>
    /// <exception cref="FormatException">
    /// It does not begin with a slash, a wildcard is no whole segment, or there is one behind <c>**</c>.
    /// </exception>
    public PathTemplate(string text)
    {
        Text = text;
        var bare = text.Replace("{*}", "*", StringComparison.Ordinal).Replace("{**}", "**", StringComparison.Ordinal);
        if (!bare.StartsWith('/')) throw new FormatException($"'{text}' does not begin with a slash.");
        var segments = bare[1..].Split('/');
        var any = Array.IndexOf(segments, "**");
        for (var i = 0; i < segments.Length; i++)
        {
            var isWild = i == any || (segments[i] == "*" && (any < 0 || i < any));
            if (!isWild && segments[i].Contains('*'))
            {
                throw new FormatException($"'{text}' has a wildcard that is no whole segment, or one behind '**'.");
            }
        }

        _head = any < 0 ? segments : segments[..any];
        if (any >= 0) _tail = string.Concat(segments[(any + 1)..].Select(segment => $"/{segment}"));
    }

    /// <summary>The template as written.</summary>
    public string Text { get; }

    /// <summary>Compares with a normalised path.</summary>
    public bool Matches(ReadOnlySpan<char> path)
    {
        if (path.IsEmpty || path[0] != '/') return false;
        var rest = path[1..];
        for (var i = 0; i < _head.Length; i++)
        {
            var slash = rest.IndexOf('/');
            var segment = slash < 0 ? rest : rest[..slash];
            var isWild = _head[i] == "*";
            if (isWild ? segment.IsEmpty : !segment.SequenceEqual(_head[i])) return false;
            if (slash < 0) return _tail is null && i == _head.Length - 1;
            rest = rest[(slash + 1)..];
        }

        return _tail is not null && rest.EndsWith(_tail, StringComparison.Ordinal);
    }
}
