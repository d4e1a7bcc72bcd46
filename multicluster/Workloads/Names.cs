namespace MeshOrleans.Multicluster.Workloads;

/// <summary>Names as Kubernetes allows them (RFC 1123).</summary>
internal static class Names
{
    public static bool IsLabel(string text) =>
        text.Length is > 0 and <= 63 && IsEdge(text[0]) && IsEdge(text[^1]) && text.All(c => IsEdge(c) || c == '-');

    public static bool IsSubdomain(string text) => text.Length is > 0 and <= 253 && text.Split('.').All(IsLabel);

    private static bool IsEdge(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
}
