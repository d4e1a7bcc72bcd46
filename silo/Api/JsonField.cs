using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Silo.Api;

/// <summary>A field that a path leads to.</summary>
/// <param name="Type">What it holds; null when that is not known.</param>
/// <param name="IsUnknown">Whether there is no such field.</param>
/// <param name="Siblings">What else there is beside it.</param>
internal sealed record JsonField(Type? Type, bool IsUnknown, string[] Siblings)
{
    /// <summary>Follows a path, as <see cref="JsonException.Path"/> writes it, from the body down.</summary>
    public static JsonField Find(string path, Type body)
    {
        var current = new JsonField(body, false, []);
        foreach (var step in StepsOf(path))
        {
            if (current.Type is not { } type || current.IsUnknown) return new JsonField(null, false, []);
            var info = ApiJson.Options.GetTypeInfo(type);
            current = info.Kind switch
            {
                JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary => new JsonField(info.ElementType, false, []),
                JsonTypeInfoKind.Object => PropertyOf(info, step),
                _ => new JsonField(type, false, []),
            };
        }

        return current;
    }

    /// <summary>The fields of an object.</summary>
    public static string[] NamesOf(Type type) => [.. ApiJson.Options.GetTypeInfo(type).Properties.Select(p => p.Name)];

    /// <summary>What a field must hold, to go on a sentence with.</summary>
    public static string Expected(Type type)
    {
        var bare = Nullable.GetUnderlyingType(type) ?? type;
        if (bare.IsEnum) return $"one of {string.Join(", ", Enum.GetNames(bare))}";
        if (bare == typeof(string)) return "a string";
        if (bare == typeof(StringValues)) return "a string or a list of strings";
        if (bare == typeof(bool)) return "true or false";
        if (bare == typeof(double) || bare == typeof(float) || bare == typeof(decimal)) return "a number";
        if (bare == typeof(DateTimeOffset) || bare == typeof(DateTime)) return "a time, as 2026-01-31T12:00:00Z";
        if (bare == typeof(TimeSpan)) return "a duration, as 00:00:30";
        if (bare.IsPrimitive) return "a whole number that is neither too small nor too large";
        return ApiJson.Options.GetTypeInfo(bare).Kind switch
        {
            JsonTypeInfoKind.Enumerable => "a list",
            JsonTypeInfoKind.Dictionary or JsonTypeInfoKind.Object => "an object",
            _ => "a value of another kind",
        };
    }

    private static JsonField PropertyOf(JsonTypeInfo info, string name)
    {
        var found = info.Properties.FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        return found is null
            ? new JsonField(null, true, [.. info.Properties.Select(p => p.Name)])
            : new JsonField(found.PropertyType, false, []);
    }

    // $.name, [number] and ['any name']
    private static IEnumerable<string> StepsOf(string path)
    {
        for (var at = 1; at < path.Length;)
        {
            var (start, end) = path[at] == '.'
                ? (at + 1, path.IndexOfAny(['.', '['], at + 1))
                : path.AsSpan(at).StartsWith("['") ? (at + 2, path.IndexOf("']", at, StringComparison.Ordinal))
                : (at + 1, path.IndexOf(']', at));
            if (end < 0) end = path.Length;
            yield return path[start..end];
            at = path[at] == '.' ? end : end + (path.AsSpan(at).StartsWith("['") ? 2 : 1);
        }
    }
}
