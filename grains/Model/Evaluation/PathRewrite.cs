using System.Text.RegularExpressions;

namespace MeshOrleans.Model.Evaluation;

/// <summary>How a path changes on its way. The query never takes part. A closed set.</summary>
public abstract record PathRewrite
{
    private PathRewrite()
    {
    }

    /// <summary>The new path.</summary>
    public abstract string Apply(string path, PathMatcher match);

    /// <summary>Replaces what the route's prefix matched; after an exact or a regex match, everything.</summary>
    /// <param name="Replacement">The new beginning.</param>
    public sealed record OfPrefix(string Replacement) : PathRewrite
    {
        /// <inheritdoc/>
        public override string Apply(string path, PathMatcher match) =>
            string.Concat(Replacement, path.AsSpan(match.MatchedLength(path)));
    }

    /// <summary>Replaces every match of an RE2 pattern.</summary>
    public sealed record OfRegex : PathRewrite
    {
        private readonly Regex _pattern;
        private readonly string _substitution;

        /// <summary>Prepares the rewrite.</summary>
        /// <param name="pattern">What is searched.</param>
        /// <param name="substitution">What replaces it; <c>\1</c> is the first group.</param>
        /// <exception cref="FormatException">One of the two is not RE2.</exception>
        public OfRegex(string pattern, string substitution)
        {
            _pattern = Re2Pattern.CompileSearch(pattern);
            _substitution = Re2Pattern.Substitution(substitution, _pattern);
        }

        /// <inheritdoc/>
        public override string Apply(string path, PathMatcher match) => _pattern.Replace(path, _substitution);
    }
}
