namespace MeshOrleans.Model.Evaluation;

/// <summary>A path with wildcards: <c>*</c> for one segment, <c>**</c> for the rest (only as the last one).</summary>
/// <remarks>
/// The braces of an AuthorizationPolicy (<c>{*}</c>, <c>{**}</c>) may stay; text may stand around <c>**</c>.
/// </remarks>
public sealed class PathTemplate
{
    private readonly string[] _segments;

    /// <summary>Prepares a template.</summary>
    /// <exception cref="FormatException">
    /// It does not begin with a slash, or <c>**</c> is not its last segment.
    /// </exception>
    public PathTemplate(string text)
    {
        Text = text;
        var bare = text.Replace("{*}", "*", StringComparison.Ordinal).Replace("{**}", "**", StringComparison.Ordinal);
        if (!bare.StartsWith('/')) throw new FormatException($"'{text}' does not begin with a slash.");
        _segments = bare[1..].Split('/');
        for (var i = 0; i < _segments.Length; i++)
        {
            if (_segments[i] == "**" ? i < _segments.Length - 1 : _segments[i] != "*" && _segments[i].Contains('*'))
            {
                throw new FormatException($"'{text}' has a wildcard that is no whole segment, or '**' before the end.");
            }
        }
    }

    /// <summary>The template as written.</summary>
    public string Text { get; }

    /// <summary>Compares with a normalised path.</summary>
    public bool Matches(ReadOnlySpan<char> path)
    {
        if (path.IsEmpty || path[0] != '/') return false;
        var rest = path[1..];
        for (var i = 0; i < _segments.Length; i++)
        {
            if (_segments[i] == "**") return true;
            var slash = rest.IndexOf('/');
            var segment = slash < 0 ? rest : rest[..slash];
            var isWild = _segments[i] == "*";
            if (isWild ? segment.IsEmpty : !segment.SequenceEqual(_segments[i])) return false;
            if (slash < 0) return i == _segments.Length - 1;
            rest = rest[(slash + 1)..];
        }

        return false;
    }
}
