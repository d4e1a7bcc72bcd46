using System.Text;
using System.Text.RegularExpressions;

namespace MeshOrleans.Model.Evaluation;

/// <summary>Compiles RE2 patterns so that they mean here what they mean in Envoy, in linear time.</summary>
/// <remarks>
/// The engines differ in what <c>\d \w \s \b</c> (ASCII in RE2), <c>$</c> (the very end in RE2), <c>[</c> inside a
/// class and <c>(?P&lt;name&gt;</c> mean; those are rewritten. Constructs that RE2 has not (look-around,
/// back-references, atomic groups) are refused, by the non-backtracking engine or here.
/// </remarks>
public static class Re2Pattern
{
    /// <summary>The longest pattern that is accepted.</summary>
    /// <value>4096 characters.</value>
    public const int MaxLength = 4096;

    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
    private const string Word = "0-9A-Za-z_";
    private const string NotWord = @"\x00-/:-@\[-\^`{-\uFFFF";
    private const string Digit = "0-9";
    private const string NotDigit = @"\x00-/:-\uFFFF";
    private const string Space = @"\t\n\f\r\x20";
    private const string NotSpace = @"\x00-\x08\x0B\x0E-\x1F!-\uFFFF";

    /// <summary>A pattern that must match the whole text.</summary>
    /// <exception cref="FormatException">The pattern is not RE2, or too long.</exception>
    public static Regex CompileFull(string pattern) => Compile(pattern, whole: true);

    /// <summary>A pattern that is searched in the text.</summary>
    /// <exception cref="FormatException">The pattern is not RE2, or too long.</exception>
    public static Regex CompileSearch(string pattern) => Compile(pattern, whole: false);

    /// <summary>An RE2 substitution (<c>\1</c>, <c>\0</c> for the whole match) in .NET's spelling.</summary>
    /// <exception cref="FormatException">A backslash is followed by neither a digit nor a backslash.</exception>
    public static string Substitution(string rewrite)
    {
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
            var translated = Translate(pattern);
            var alone = new Regex(translated, Options); // "a)(b" must fail here, not be repaired by the anchors below
            return whole ? new Regex($@"\A(?:{translated})\z", Options) : alone;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            throw new FormatException($"'{pattern}' is not an RE2 pattern: {exception.Message}", exception);
        }
    }

    private static string Translate(string pattern)
    {
        var output = new StringBuilder(pattern.Length + 16);
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var rest = pattern.AsSpan(i);
            if (rest[0] == '\\')
            {
                i += AppendEscape(output, rest, inClass);
            }
            else if (inClass)
            {
                if (rest.StartsWith("[:")) i += AppendPosixClass(output, rest);
                else if (rest[0] == '[') output.Append("\\[");
                else output.Append(rest[0]);
                if (rest[0] == ']') inClass = false;
            }
            else if (rest[0] == '[')
            {
                inClass = true;
                i += AppendClassStart(output, rest);
            }
            else if (rest.StartsWith("(?"))
            {
                i += AppendGroup(output, rest);
            }
            else
            {
                output.Append(rest[0] == '$' ? @"\z" : rest[0].ToString());
            }
        }

        return output.ToString();
    }

    // Each of the following appends one construct and gives back how many characters beyond the first it has taken.
    private static int AppendClassStart(StringBuilder output, ReadOnlySpan<char> rest)
    {
        var taken = rest.StartsWith("[^") ? 1 : 0;
        output.Append(rest[..(taken + 1)]);
        if (rest.Length > taken + 1 && rest[taken + 1] == ']') // a bracket that opens the set is a member of it
        {
            output.Append("\\]");
            taken++;
        }

        return taken;
    }

    private static int AppendGroup(StringBuilder output, ReadOnlySpan<char> rest)
    {
        if (rest.StartsWith("(?P<"))
        {
            output.Append("(?<");
            return 3;
        }

        var next = rest.Length > 2 ? rest[2] : '\0';
        var lookBehind = next == '<' && rest.Length > 3 && rest[3] is '=' or '!';
        if (next is '=' or '!' or '>' or '(' or '#' or '\'' || lookBehind)
        {
            throw new ArgumentException("RE2 knows no group of this kind.");
        }

        output.Append("(?");
        return 1;
    }

    private static int AppendEscape(StringBuilder output, ReadOnlySpan<char> rest, bool inClass)
    {
        if (rest.Length < 2) throw new ArgumentException("The pattern ends in a backslash.");
        if (rest[1] == 'Q') return AppendQuoted(output, rest);
        var set = rest[1] switch
        {
            'd' => Digit,
            'D' => NotDigit,
            'w' => Word,
            'W' => NotWord,
            's' => Space,
            'S' => NotSpace,
            _ => null,
        };
        if (set is not null) output.Append(inClass ? set : $"[{set}]");
        else if (rest[1] is 'b' or 'B' && inClass) throw new ArgumentException("RE2 has no \\b inside a class.");
        else if (rest[1] is 'Z' or 'G' or 'k' or 'c' or 'e' or 'u')
        {
            throw new ArgumentException($"RE2 has no \\{rest[1]}.");
        }
        else output.Append(rest[..2]);
        return 1;
    }

    private static int AppendQuoted(StringBuilder output, ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOf("\\E");
        var literal = end < 0 ? rest[2..] : rest[2..end];
        output.Append(Regex.Escape(literal.ToString()));
        return end < 0 ? rest.Length - 1 : end + 1;
    }

    private static int AppendPosixClass(StringBuilder output, ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOf(":]");
        var members = end < 0 ? null : rest[2..end] switch
        {
            "alnum" => "0-9A-Za-z",
            "alpha" => "A-Za-z",
            "ascii" => @"\x00-\x7F",
            "blank" => @"\t\x20",
            "cntrl" => @"\x00-\x1F\x7F",
            "digit" => Digit,
            "graph" => "!-~",
            "lower" => "a-z",
            "print" => @"\x20-~",
            "punct" => @"!-/:-@\[-`{-~",
            "space" => @"\t\n\v\f\r\x20",
            "upper" => "A-Z",
            "word" => Word,
            "xdigit" => "0-9A-Fa-f",
            _ => null,
        };
        output.Append(members ?? throw new ArgumentException("RE2 knows no class of this name."));
        return end + 1;
    }
}
