using System.Collections.Concurrent;

namespace MeshOrleans.Grains.Tests.Contract;

/// <summary>What happened inside grains, by grain key, beyond the lives of their activations.</summary>
internal static class Journal
{
    private static readonly ConcurrentDictionary<string, ConcurrentQueue<string>> s_entries = new();

    public static void Note(string key, string entry) => s_entries.GetOrAdd(key, _ => new()).Enqueue(entry);

    public static string[] Of(string key) => s_entries.TryGetValue(key, out var all) ? [.. all] : [];

    public static string NewKey() => Guid.NewGuid().ToString("N");
}
