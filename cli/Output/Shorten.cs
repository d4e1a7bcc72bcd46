namespace MeshOrleans.Cli.Output;

/// <summary>Long values within tables; <c>-o wide</c> shows them whole.</summary>
internal static class Shorten
{
    private const int ListItems = 3;
    private const string SpiffeScheme = "spiffe://";

    public static string To(string text, int length) => text.Length <= length ? text : $"{text[..(length - 1)]}…";

    /// <summary>The first few of a list and how many more there are.</summary>
    public static string List(IReadOnlyList<string> items, bool wide)
    {
        if (wide || items.Count <= ListItems) return string.Join(',', items);
        return $"{string.Join(',', items.Take(ListItems))},+{items.Count - ListItems}";
    }

    /// <summary><c>name.namespace</c> of a proxy's node id; another id as it is.</summary>
    public static string NodeId(string id) => id.Split('~') is [_, _, { Length: > 0 } name, _] ? name : id;

    /// <summary>A SPIFFE ID without its scheme.</summary>
    public static string SpiffeId(string id) =>
        id.StartsWith(SpiffeScheme, StringComparison.Ordinal) ? id[SpiffeScheme.Length..] : id;
}
