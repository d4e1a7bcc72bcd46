using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>The empty map of the records' optional fields; keys compare byte by byte.</summary>
internal static class EmptyMap
{
    public static ImmutableSortedDictionary<string, string> Text { get; } = Of<string>();

    public static ImmutableSortedDictionary<string, T> Of<T>() => Cache<T>.Value;

    private static class Cache<T>
    {
        public static readonly ImmutableSortedDictionary<string, T> Value =
            ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal);
    }
}
