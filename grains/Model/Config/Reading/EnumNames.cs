using System.Collections.Immutable;
using System.Text;

namespace MeshOrleans.Model.Config.Reading;

/// <summary>The names of an enum as the Istio API writes them: <c>RoundRobin</c> is <c>ROUND_ROBIN</c>.</summary>
internal static class EnumNames<T>
    where T : struct, Enum
{
    private static readonly ImmutableDictionary<string, T> Values =
        Enum.GetValues<T>().ToImmutableDictionary(value => Upper(value.ToString()), StringComparer.Ordinal);

    public static IEnumerable<string> All { get; } = [.. Enum.GetValues<T>().Select(value => Upper(value.ToString()))];

    public static bool TryParse(string text, out T value) => Values.TryGetValue(text, out value);

    private static string Upper(string name)
    {
        var upper = new StringBuilder();
        foreach (var c in name)
        {
            if (char.IsAsciiLetterUpper(c) && upper.Length > 0) upper.Append('_');
            upper.Append(char.ToUpperInvariant(c));
        }

        return upper.ToString();
    }
}
