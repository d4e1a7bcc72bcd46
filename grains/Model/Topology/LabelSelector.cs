using System.Collections.Immutable;

namespace MeshOrleans.Model.Topology;

/// <summary>Selection by label.</summary>
public static class LabelSelector
{
    /// <summary>
    /// Whether all of <paramref name="wanted"/> are among <paramref name="labels"/>; nothing wanted matches all.
    /// </summary>
    public static bool Matches(
        ImmutableSortedDictionary<string, string> wanted,
        ImmutableSortedDictionary<string, string> labels)
    {
        foreach (var (key, value) in wanted)
        {
            if (!labels.TryGetValue(key, out var actual) || actual != value) return false;
        }

        return true;
    }
}
