using System.Text;

namespace MeshOrleans.Model.Config;

/// <summary>Writes plain text as an RE2 expression.</summary>
public static class RegexText
{
    /// <summary>The text so that RE2 takes every character for itself.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (c < 128 && !char.IsAsciiLetterOrDigit(c) && c != '_') quoted.Append('\\');
            quoted.Append(c);
        }

        return quoted.ToString();
    }
}
