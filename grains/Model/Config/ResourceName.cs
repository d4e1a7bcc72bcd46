namespace MeshOrleans.Model.Config;

/// <summary>What names, labels and annotations may look like. Source: Kubernetes, "Object Names and IDs" and "Labels and Selectors".</summary>
public static class ResourceName
{
    private const int MaxLabel = 63;
    private const int MaxSubdomain = 253;

    /// <summary>RFC 1123 label: lower-case letters, digits and '-', letters or digits at both ends, at most 63.</summary>
    public static bool IsDnsLabel(ReadOnlySpan<char> text) => text.Length <= MaxLabel && IsPart(text);

    /// <summary>RFC 1123 subdomain as members and their accounts are called: DNS labels joined by dots, at most 253.</summary>
    public static bool IsDnsSubdomain(ReadOnlySpan<char> text) => AreParts(text, MaxLabel);

    /// <summary>RFC 1123 subdomain as Kubernetes reads one: the parts between dots as long as the whole may be, at most 253.</summary>
    public static bool IsDnsName(ReadOnlySpan<char> text) => AreParts(text, MaxSubdomain);

    /// <summary>A key of a label or annotation: <c>[subdomain/]name</c>.</summary>
    public static bool IsLabelKey(ReadOnlySpan<char> text)
    {
        var slash = text.IndexOf('/');
        return slash < 0 ? IsLabelName(text) : IsDnsName(text[..slash]) && IsLabelName(text[(slash + 1)..]);
    }

    /// <summary>A label's value; may be empty.</summary>
    public static bool IsLabelValue(ReadOnlySpan<char> text) => text.IsEmpty || IsLabelName(text);

    private static bool AreParts(ReadOnlySpan<char> text, int most)
    {
        if (text.Length > MaxSubdomain) return false;
        foreach (var range in text.Split('.'))
        {
            if (text[range].Length > most || !IsPart(text[range])) return false;
        }

        return true;
    }

    private static bool IsPart(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text[0] == '-' || text[^1] == '-') return false;
        foreach (var c in text)
        {
            if (!(char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')) return false;
        }

        return true;
    }

    // letters, digits, '-', '_' and '.', alphanumeric at both ends
    private static bool IsLabelName(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text.Length > MaxLabel) return false;
        if (!char.IsAsciiLetterOrDigit(text[0]) || !char.IsAsciiLetterOrDigit(text[^1])) return false;
        foreach (var c in text)
        {
            if (!(char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')) return false;
        }

        return true;
    }
}
