using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MeshOrleans.Model.Evaluation;

/// <summary>Writes one RE2 pattern as .NET's engine wants it.</summary>
/// <remarks>
/// The engines differ in what <c>\d \w \s \b</c> (ASCII in RE2), <c>$</c> (the very end in RE2), <c>[</c> inside a class,
/// <c>\pN</c>, <c>\x{41}</c> and <c>(?U)</c> mean, and in how groups with names are counted. Scripts (<c>\p{Greek}</c>) are
/// refused, as .NET has no tables of them. Source: RE2, doc/syntax.txt.
/// </remarks>
/// <param name="pattern">The pattern.</param>
internal sealed class Re2Translation(string pattern)
{
    private const int MostRepetitions = 1000;
    private const int LastCharacter = 0x10FFFF;
    private const string Word = "0-9A-Za-z_";
    private const string NotWord = @"\x00-/:-@\[-\^`{-\uFFFF";
    private const string Digit = "0-9";
    private const string NotDigit = @"\x00-/:-\uFFFF";
    private const string Space = @"\t\n\f\r\x20";
    private const string NotSpace = @"\x00-\x08\x0B\x0E-\x1F!-\uFFFF";
    private const string Any = @"\x00-\uFFFF";

    private static readonly HashSet<string> Categories = new(StringComparer.Ordinal)
    {
        "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi",
        "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs", "Cc", "Cf", "Co", "Cs",
    };

    private readonly StringBuilder _output = new(pattern.Length + 16);
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Stack<Modes> _outer = new();
    private Modes _flags;

    [Flags]
    private enum Modes
    {
        None = 0,

        /// <summary><c>$</c> is the end of every line.</summary>
        Multiline = 1,

        /// <summary>What repeats takes as little as it can, with a further question mark as much as it can.</summary>
        Ungreedy = 2,
    }

    /// <summary>The pattern in .NET's spelling.</summary>
    /// <exception cref="ArgumentException">It is not RE2, or has something that cannot be written otherwise.</exception>
    public string Translate()
    {
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var rest = pattern.AsSpan(i);
            if (rest[0] == '\\')
            {
                i += AppendEscape(rest, inClass);
            }
            else if (inClass)
            {
                if (rest.StartsWith("[:")) i += AppendPosixClass(rest);
                else if (rest[0] == '[') _output.Append("\\[");
                else _output.Append(rest[0]);
                if (rest[0] == ']') inClass = false;
            }
            else if (rest[0] == '[')
            {
                inClass = true;
                i += AppendClassStart(rest);
            }
            else
            {
                i += AppendOperator(rest);
            }
        }

        return _output.ToString();
    }

    // Each of the following appends one construct and gives back how many characters beyond the first it has taken.
    private int AppendOperator(ReadOnlySpan<char> rest)
    {
        if (rest.StartsWith("(?")) return AppendGroup(rest);
        if (rest[0] == '(') _outer.Push(_flags);
        if (rest[0] == ')' && _outer.TryPop(out var flags)) _flags = flags;
        var length = RepetitionLength(rest);
        if (length > 0) return AppendRepetition(rest, length);
        _output.Append(rest[0] == '$' && !_flags.HasFlag(Modes.Multiline) ? @"\z" : rest[0].ToString());
        return 0;
    }

    private int AppendRepetition(ReadOnlySpan<char> rest, int length)
    {
        var isTurned = rest.Length > length && rest[length] == '?';
        _output.Append(rest[..length]);
        if (isTurned != _flags.HasFlag(Modes.Ungreedy)) _output.Append('?');
        return isTurned ? length : length - 1;
    }

    // 0 where there is none: a brace that opens no number is a character like others.
    private static int RepetitionLength(ReadOnlySpan<char> rest)
    {
        if (rest[0] is '*' or '+' or '?') return 1;
        if (rest[0] != '{') return 0;
        var end = rest.IndexOf('}');
        if (end < 0) return 0;
        var inside = rest[1..end];
        var comma = inside.IndexOf(',');
        var least = comma < 0 ? inside : inside[..comma];
        var most = comma < 0 ? [] : inside[(comma + 1)..];
        if (least.IsEmpty || !IsDigits(least) || !IsDigits(most)) return 0;
        return IsTooOften(least) || IsTooOften(most)
            ? throw new ArgumentException($"RE2 repeats {MostRepetitions} times at most.")
            : end + 1;
    }

    private static bool IsDigits(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');

    private static bool IsTooOften(ReadOnlySpan<char> digits) =>
        !digits.IsEmpty && (!int.TryParse(digits, NumberStyles.None, null, out var number) || number > MostRepetitions);

    private static bool IsName(ReadOnlySpan<char> name)
    {
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '_') return false;
        }

        return !name.IsEmpty;
    }

    private static ArgumentException NoSuchGroup() => new("RE2 knows no group of this kind.");

    private int AppendGroup(ReadOnlySpan<char> rest)
    {
        var start = rest.StartsWith("(?P<") ? 4 : rest.StartsWith("(?<") ? 3 : 0;
        return start > 0 ? AppendNamed(rest, start) : AppendFlags(rest);
    }

    // .NET counts groups with names after all others, RE2 does not; nobody asks for a group by its name.
    private int AppendNamed(ReadOnlySpan<char> rest, int start)
    {
        var length = rest[start..].IndexOf('>');
        if (length < 0 || !IsName(rest.Slice(start, length))) throw NoSuchGroup();
        var name = rest.Slice(start, length).ToString();
        if (!_names.Add(name)) throw new ArgumentException($"Two groups are called {name}.");
        _outer.Push(_flags);
        _output.Append('(');
        return start + length;
    }

    // Without a colon they count to the end of the group that they stand in.
    private int AppendFlags(ReadOnlySpan<char> rest)
    {
        var (flags, isOn, plain) = (_flags, true, new StringBuilder());
        for (var i = 2; i < rest.Length; i++)
        {
            switch (rest[i])
            {
                case 'U':
                    flags = isOn ? flags | Modes.Ungreedy : flags & ~Modes.Ungreedy;
                    break;
                case 'm':
                    flags = isOn ? flags | Modes.Multiline : flags & ~Modes.Multiline;
                    plain.Append('m');
                    break;
                case 'i' or 's':
                    plain.Append(rest[i]);
                    break;
                case '-' when isOn:
                    isOn = false;
                    plain.Append('-');
                    break;
                case ':' or ')' when rest[i - 1] != '-' && (rest[i] == ':' || i > 2):
                    if (rest[i] == ':') _outer.Push(_flags);
                    _flags = flags;
                    var text = plain.ToString().TrimEnd('-');
                    if (rest[i] == ':' || text.Length > 0) _output.Append("(?").Append(text).Append(rest[i]);
                    return i;
                default:
                    throw NoSuchGroup();
            }
        }

        throw new ArgumentException("A group does not end.");
    }

    private int AppendClassStart(ReadOnlySpan<char> rest)
    {
        var taken = rest.StartsWith("[^") ? 1 : 0;
        _output.Append(rest[..(taken + 1)]);
        if (rest.Length > taken + 1 && rest[taken + 1] == ']') // a bracket that opens the set is a member of it
        {
            _output.Append("\\]");
            taken++;
        }

        return taken;
    }

    private int AppendEscape(ReadOnlySpan<char> rest, bool inClass)
    {
        if (rest.Length < 2) throw new ArgumentException("The pattern ends in a backslash.");
        var set = rest[1] switch
        {
            'd' => Digit,
            'D' => NotDigit,
            'w' => Word,
            'W' => NotWord,
            's' => Space,
            'S' => NotSpace,
            'C' when !inClass => Any,
            _ => null,
        };
        if (set is not null)
        {
            _output.Append(inClass ? set : $"[{set}]");
            return 1;
        }

        switch (rest[1])
        {
            case 'Q':
                return AppendQuoted(rest);
            case 'p' or 'P':
                return AppendCategory(rest);
            case 'x':
                return AppendHexadecimal(rest, inClass);
            case >= '0' and <= '7':
                return AppendOctal(rest);
            case 'A' or 'z' or 'b' or 'B' when !inClass:
            case 'a' or 'f' or 't' or 'n' or 'r' or 'v':
                _output.Append(rest[..2]);
                return 1;
            case '_':
                _output.Append('_');
                return 1;
            case var other when other < 0x80 && !char.IsAsciiLetterOrDigit(other):
                _output.Append(rest[..2]);
                return 1;
            default:
                throw new ArgumentException($"RE2 has no \\{rest[1]}{(inClass ? " inside a class" : "")}.");
        }
    }

    private int AppendQuoted(ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOf("\\E");
        var literal = end < 0 ? rest[2..] : rest[2..end];
        _output.Append(Regex.Escape(literal.ToString()));
        return end < 0 ? rest.Length - 1 : end + 1;
    }

    private int AppendCategory(ReadOnlySpan<char> rest)
    {
        var name = rest.Length < 3 ? [] : rest.Slice(2, 1);
        var taken = 2;
        if (name is "{")
        {
            var end = rest.IndexOf('}');
            name = end < 0 ? [] : rest[3..end];
            taken = end;
        }

        var isNot = rest[1] == 'P';
        if (name is ['^', ..])
        {
            name = name[1..];
            isNot = !isNot;
        }

        var text = name.ToString();
        if (!Categories.Contains(text))
        {
            throw new ArgumentException($"there is no general category {text} here; scripts are not supported.");
        }

        _output.Append(isNot ? @"\P{" : @"\p{").Append(text).Append('}');
        return taken;
    }

    private int AppendHexadecimal(ReadOnlySpan<char> rest, bool inClass)
    {
        var isBraced = rest.Length > 2 && rest[2] == '{';
        var end = isBraced ? rest.IndexOf('}') : Math.Min(rest.Length, 4);
        var digits = isBraced ? (end < 0 ? [] : rest[3..end]) : rest[2..end];
        if ((!isBraced && digits.Length != 2)
            || !int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            || code is < 0 or > LastCharacter)
        {
            throw new ArgumentException("\\x needs two hexadecimal digits, or a code in braces.");
        }

        AppendCharacter(code, inClass);
        return isBraced ? end : 3;
    }

    private void AppendCharacter(int code, bool inClass)
    {
        if (code <= char.MaxValue)
        {
            _output.Append(CultureInfo.InvariantCulture, $"\\u{code:X4}");
            return;
        }

        if (inClass) throw new ArgumentException("characters beyond U+FFFF are not supported inside a class.");
        _output.Append("(?:").Append(char.ConvertFromUtf32(code)).Append(')');
    }

    // One digit from 1 to 7 alone would be a reference to a group.
    private int AppendOctal(ReadOnlySpan<char> rest)
    {
        var (code, length) = (0, 1);
        while (length < rest.Length && length <= 3 && rest[length] is >= '0' and <= '7')
        {
            code = (code * 8) + (rest[length++] - '0');
        }

        if (length == 2 && rest[1] != '0') throw new ArgumentException("RE2 has no references to groups.");
        _output.Append(CultureInfo.InvariantCulture, $"\\u{code:X4}");
        return length - 1;
    }

    private int AppendPosixClass(ReadOnlySpan<char> rest)
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
        _output.Append(members ?? throw new ArgumentException("RE2 knows no class of this name."));
        return end + 1;
    }
}
