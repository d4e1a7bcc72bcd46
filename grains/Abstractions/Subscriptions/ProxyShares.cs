using System.Collections.Immutable;
using System.Globalization;

namespace MeshOrleans.Grains.Subscriptions;

/// <summary>
/// How proxies are shared out among the subscription grains: enough of them to spread over silos, few enough that a
/// gateway tells each of them of many streams at once.
/// </summary>
public static class ProxyShares
{
    private const int Count = 16;
    private const uint FnvBasis = 2166136261;
    private const uint FnvPrime = 16777619;

    /// <summary>The keys of all shares.</summary>
    public static ImmutableArray<string> Keys { get; } = [.. Enumerable.Range(0, Count).Select(Key)];

    /// <summary>The key of the share that a node belongs to; the same in every process and version.</summary>
    public static string KeyOf(string nodeId)
    {
        var hash = FnvBasis;
        foreach (var character in nodeId) hash = (hash ^ character) * FnvPrime;
        return Keys[(int)(hash % Count)];
    }

    private static string Key(int number) => number.ToString("d2", CultureInfo.InvariantCulture);
}
