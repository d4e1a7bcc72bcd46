namespace MeshOrleans.Model.Config.Reading;

/// <summary>What names, labels and annotations may look like (Kubernetes' rules).</summary>
internal static class ResourceName
{
    private const int MaxLabel = 63;
    private const int MaxName = 253;

    /// <summary>RFC 1123 label: lower-case letters, digits and '-', letters or digits at both ends.</summary>
    public static bool IsDnsLabel(string text) =>
        text.Length is > 0 and <= MaxLabel
        && IsLowerOrDigit(text[0]) && IsLowerOrDigit(text[^1])
        && text.All(c => IsLowerOrDigit(c) || c == '-');

    /// <summary>RFC 1123 subdomain: labels with dots between.</summary>
    public static bool IsDnsName(string text) =>
        text.Length is > 0 and <= MaxName
        && text.Split('.').All(part => part.Length > 0 && IsLowerOrDigit(part[0]) && IsLowerOrDigit(part[^1])
            && part.All(c => IsLowerOrDigit(c) || c == '-'));

    /// <summary>A key of a label or annotation: <c>[prefix/]name</c>.</summary>
    public static bool IsLabelKey(string text)
    {
        var slash = text.IndexOf('/');
        return slash < 0 ? IsQualified(text) : IsDnsName(text[..slash]) && IsQualified(text[(slash + 1)..]);
    }

    /// <summary>A label's value; may be empty.</summary>
    public static bool IsLabelValue(string text) => text.Length == 0 || IsQualified(text);

    private static bool IsQualified(string text) =>
        text.Length is > 0 and <= MaxLabel
        && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static bool IsLowerOrDigit(char c) => c is (>= 'a' and <= 'z') or (>= '0' and <= '9');
}
