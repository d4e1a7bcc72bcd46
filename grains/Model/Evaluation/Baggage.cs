using System.Globalization;

namespace MeshOrleans.Model.Evaluation;

/// <summary>Members of the <c>baggage</c> header, read where they stand.</summary>
/// <remarks>
/// Source: W3C, "Propagation format for distributed context: Baggage", section 3: members are separated by commas, over all
/// lines of the header; a value is percent-encoded UTF-8 and may be followed by properties behind semicolons; there may be
/// blanks around each of them. Of members of one key the first counts.
/// </remarks>
public static class Baggage
{
    /// <summary>The header.</summary>
    public const string Header = "baggage";

    /// <summary>So many characters are looked at: what section 3.3.2 has everybody hand on.</summary>
    public const int Longest = 8192;

    private const string Blanks = " \t";

    /// <summary>Finds a member.</summary>
    /// <param name="lines">The lines of the header.</param>
    /// <param name="key">Its key; case counts.</param>
    /// <param name="value">Its value as it is written, without properties and blanks around it.</param>
    public static bool TryFind(in HeaderValues lines, string key, out ReadOnlySpan<char> value)
    {
        var left = Longest;
        for (var i = 0; i < lines.Count && left > 0; i++)
        {
            ReadOnlySpan<char> line = lines[i];
            var isCut = line.Length > left;
            if (isCut) line = line[..left];
            left -= line.Length;
            if (TryFind(line, isCut, key, out value)) return true;
        }

        value = default;
        return false;
    }

    /// <summary>Whether a value, as it is written, says a text of ASCII.</summary>
    public static bool Says(ReadOnlySpan<char> value, string text)
    {
        var at = 0;
        foreach (var wanted in text)
        {
            if (at >= value.Length) return false;
            var next = value[at++];
            if (next == '%')
            {
                if (at + 2 > value.Length || !TryDecode(value.Slice(at, 2), out next)) return false;
                at += 2;
            }

            if (next != wanted) return false;
        }

        return at == value.Length;
    }

    /// <summary>The lines of the header with one more member, which stands before all others.</summary>
    /// <param name="lines">The lines as they are; they are left so.</param>
    /// <param name="key">The key of the member.</param>
    /// <param name="value">Its value, which needs no encoding.</param>
    public static string?[] With(ReadOnlySpan<string?> lines, string key, string value) =>
        lines.IsEmpty ? [With((string?)null, key, value)] : [With(lines[0], key, value), .. lines[1..]];

    /// <summary>The first line of the header with one more member, which stands before all others.</summary>
    /// <param name="line">The line as it is; null or empty for none.</param>
    /// <param name="key">The key of the member.</param>
    /// <param name="value">Its value, which needs no encoding.</param>
    public static string With(string? line, string key, string value) =>
        string.IsNullOrWhiteSpace(line) ? $"{key}={value}" : $"{key}={value},{line}";

    // What is cut off in the middle may be another member than it looks like.
    private static bool TryFind(ReadOnlySpan<char> line, bool isCut, string key, out ReadOnlySpan<char> value)
    {
        while (true)
        {
            var comma = line.IndexOf(',');
            if (comma < 0 && isCut) break;
            var member = comma < 0 ? line : line[..comma];
            var equals = member.IndexOf('=');
            if (equals > 0 && member[..equals].Trim(Blanks).SequenceEqual(key))
            {
                value = member[(equals + 1)..];
                var properties = value.IndexOf(';');
                if (properties >= 0) value = value[..properties];
                value = value.Trim(Blanks);
                return true;
            }

            if (comma < 0) break;
            line = line[(comma + 1)..];
        }

        value = default;
        return false;
    }

    private static bool TryDecode(ReadOnlySpan<char> digits, out char decoded)
    {
        var isByte = byte.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet);
        decoded = (char)octet;
        return isByte && octet < 0x80;
    }
}
