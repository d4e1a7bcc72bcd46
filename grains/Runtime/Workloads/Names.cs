namespace MeshOrleans.Grains.Workloads;

/// <summary>The shapes of names that Kubernetes and Istio allow.</summary>
internal static class Names
{
    private const int MaxLabel = 63;
    private const int MaxSubdomain = 253;

    /// <summary>RFC 1123 label: lower-case letters, digits and '-', at most 63, no '-' at either end.</summary>
    public static bool IsDnsLabel(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text.Length > MaxLabel || text[0] == '-' || text[^1] == '-') return false;
        foreach (var c in text)
        {
            if (!(char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')) return false;
        }

        return true;
    }

    /// <summary>RFC 1123 subdomain: DNS labels joined by dots, at most 253.</summary>
    public static bool IsDnsSubdomain(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text.Length > MaxSubdomain) return false;
        foreach (var range in text.Split('.'))
        {
            if (!IsDnsLabel(text[range])) return false;
        }

        return true;
    }

    /// <summary>
    /// The name part of a label key, or a value: letters, digits, '-', '_' and '.', alphanumeric at both ends.
    /// </summary>
    public static bool IsLabelName(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text.Length > MaxLabel) return false;
        if (!char.IsAsciiLetterOrDigit(text[0]) || !char.IsAsciiLetterOrDigit(text[^1])) return false;
        foreach (var c in text)
        {
            if (!(char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')) return false;
        }

        return true;
    }

    /// <summary>A label key: <c>name</c> or <c>subdomain/name</c>.</summary>
    public static bool IsLabelKey(ReadOnlySpan<char> text)
    {
        var slash = text.IndexOf('/');
        return slash < 0 ? IsLabelName(text) : IsDnsSubdomain(text[..slash]) && IsLabelName(text[(slash + 1)..]);
    }
}
