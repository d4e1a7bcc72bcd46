using System.Collections.Concurrent;

namespace MeshOrleans.Proxy.Http2.Connections;

/// <summary>Names of fields as HTTP/2 writes them. Remembers a bounded number.</summary>
internal static class LowerCase
{
    private const int MostRemembered = 1024;
    private const int LongestRemembered = 64;

    private static readonly ConcurrentDictionary<string, string> _names = new(StringComparer.Ordinal);
    private static int _count;

    public static string Of(string name)
    {
        if (!name.AsSpan().ContainsAnyInRange('A', 'Z')) return name;
        if (_names.TryGetValue(name, out var known)) return known;
        var lower = name.ToLowerInvariant();
        if (name.Length > LongestRemembered || Volatile.Read(ref _count) >= MostRemembered) return lower;
        if (_names.TryAdd(name, lower)) Interlocked.Increment(ref _count);
        return lower;
    }
}
