using System.Globalization;
using System.Text;

namespace MeshOrleans.Multicluster.Workloads;

/// <summary>Texts from outside, as they may stand in a log or an answer.</summary>
public static class Printable
{
    private const int MaxLogged = 512;

    /// <summary>A text from outside as it may stand in a log line: printable ASCII, the rest as '?', bounded.</summary>
    /// <param name="text">The text.</param>
    /// <param name="most">The most characters of it.</param>
    public static string ForLog(string text, int most = MaxLogged) => string.Create(
        Math.Min(text.Length, most),
        text,
        static (line, source) =>
        {
            for (var i = 0; i < line.Length; i++) line[i] = source[i] is >= ' ' and <= '~' ? source[i] : '?';
        });

    /// <summary>
    /// A name from outside, written so that different ones stay different: printable ASCII as it is, everything else and the
    /// backslash as <c>\uXXXX</c> (RFC 8259 section 7).
    /// </summary>
    public static string Escaped(string text)
    {
        if (text.All(c => c is >= ' ' and <= '~' and not '\\')) return text;
        var escaped = new StringBuilder(text.Length + 5);
        foreach (var c in text)
        {
            if (c is >= ' ' and <= '~' and not '\\') escaped.Append(c);
            else escaped.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
        }

        return escaped.ToString();
    }
}
