using System.Collections.Concurrent;

namespace MeshOrleans.Proxy.Http2.Connections;

/// <summary>Names of fields as HTTP/2 writes them. Remembers a bounded number.</summary>
internal static class LowerCase
{
    private const int MostRemembered = 1024;

    private static readonly ConcurrentDictionary<string, string> _names = new(StringComparer.Ordinal);

    public static string Of(string name)
    {
        if (!name.AsSpan().ContainsAnyInRange('A', 'Z')) return name;
        if (_names.TryGetValue(name, out var known)) return known;
        var lower = name.ToLowerInvariant();
        if (_names.Count < MostRemembered) _names.TryAdd(name, lower);
        return lower;
    }
}
