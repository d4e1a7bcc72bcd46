using System.Text;
using System.Text.RegularExpressions;

namespace MeshOrleans.Model.Evaluation;

/// <summary>Compiles RE2 patterns so that they mean here what they mean in Envoy, in linear time.</summary>
/// <remarks>
/// Patterns are rewritten by <see cref="Re2Translation"/>, which refuses what RE2 has not; so does the non-backtracking
/// engine.
/// </remarks>
public static class Re2Pattern
{
    /// <summary>The longest pattern that is accepted.</summary>
    /// <value>4096 characters.</value>
    public const int MaxLength = 4096;

    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    /// <summary>A pattern that must match the whole text.</summary>
    /// <exception cref="FormatException">The pattern is not RE2, or too long.</exception>
    public static Regex CompileFull(string pattern) => Compile(pattern, whole: true);

    /// <summary>A pattern that is searched in the text.</summary>
    /// <exception cref="FormatException">The pattern is not RE2, or too long.</exception>
    public static Regex CompileSearch(string pattern) => Compile(pattern, whole: false);

    /// <summary>An RE2 substitution (<c>\1</c>, <c>\0</c> for the whole match) in .NET's spelling.</summary>
    /// <param name="rewrite">The substitution.</param>
    /// <param name="pattern">The pattern whose matches it replaces.</param>
    /// <exception cref="FormatException">
    /// A backslash is followed by neither a digit nor a backslash, or the pattern has no such group.
    /// </exception>
    public static string Substitution(string rewrite, Regex pattern)
    {
        var groups = pattern.GetGroupNumbers().Length;
        var text = new StringBuilder(rewrite.Length + 8);
        for (var i = 0; i < rewrite.Length; i++)
        {
            if (rewrite[i] == '$')
            {
                text.Append("$$");
            }
            else if (rewrite[i] != '\\')
            {
                text.Append(rewrite[i]);
            }
            else if (++i < rewrite.Length && char.IsAsciiDigit(rewrite[i]))
            {
                if (rewrite[i] - '0' >= groups)
                {
                    throw new FormatException($"The substitution '{rewrite}' names group {rewrite[i]}, which is not there.");
                }

                text.Append("${").Append(rewrite[i]).Append('}');
            }
            else if (i < rewrite.Length && rewrite[i] == '\\')
            {
                text.Append('\\');
            }
            else
            {
                throw new FormatException($"The substitution '{rewrite}' has a backslash without a group number.");
            }
        }

        return text.ToString();
    }

    private static Regex Compile(string pattern, bool whole)
    {
        if (pattern.Length > MaxLength)
        {
            throw new FormatException($"The pattern has {pattern.Length} characters; {MaxLength} are allowed.");
        }

        try
        {
            var translated = new Re2Translation(pattern).Translate();
            var alone = new Regex(translated, Options); // "a)(b" must fail here, not be repaired by the anchors below
            return whole ? new Regex($@"\A(?:{translated})\z", Options) : alone;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            throw new FormatException($"'{pattern}' is not an RE2 pattern: {exception.Message}", exception);
        }
    }
}
