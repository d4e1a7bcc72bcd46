using System.Globalization;
using System.Text.Json;

namespace MeshOrleans.Silo.Api;

/// <summary>What is wrong with a body of JSON, in the words of the API: the reader's own name the types of this program.</summary>
/// <param name="Path">The field, as in <c>$.a[0].b</c>.</param>
/// <param name="Message">What is wrong with it, and where in the text.</param>
/// <param name="Line">The line, from 1; 0 when it is not known.</param>
internal sealed record JsonFault(string Path, string Message, int Line)
{
    private const int LongestPath = 200;

    /// <summary>Says what a reader has found.</summary>
    /// <param name="exception">What it has thrown.</param>
    /// <param name="body">What the body was to be.</param>
    public static JsonFault Of(JsonException exception, Type body)
    {
        var line = (int)Math.Min(int.MaxValue, (exception.LineNumber ?? -1) + 1);
        var what = exception.InnerException is JsonException syntax
            ? Sentence(syntax.Message)
            : Describe(exception, JsonField.Find(exception.Path ?? "", body));
        var where = line == 0 ? "" : string.Create(
            CultureInfo.InvariantCulture, $" (line {line}, byte {(exception.BytePositionInLine ?? 0) + 1})");
        return new JsonFault(Cut(exception.Path ?? ""), what + where, line);
    }

    /// <summary>The answer.</summary>
    public IResult ToResult() => Problems.BadField(Path, Message, Line);

    private static string Describe(JsonException exception, JsonField field)
    {
        if (field.IsUnknown) return $"is not known here; there {Known(field.Siblings)}";
        var message = exception.Message;
        if (message.StartsWith("Duplicate property", StringComparison.Ordinal)) return "is there twice";
        if (field.Type is null) return "is not what is expected there";
        var isMissing = message.Contains("missing required", StringComparison.Ordinal);
        return isMissing ? $"lacks a field that must be there; there {Known(JsonField.NamesOf(field.Type))}"
            : message.Contains("null", StringComparison.Ordinal) ? $"must not be null, but {JsonField.Expected(field.Type)}"
            : $"must be {JsonField.Expected(field.Type)}";
    }

    private static string Known(string[] names) => names.Length switch
    {
        0 => "are no fields",
        1 => $"is {names[0]}",
        _ => $"are {string.Join(", ", names)}",
    };

    // what is wrong with the text itself; it names no types
    private static string Sentence(string message)
    {
        var end = message.IndexOf(" Path:", StringComparison.Ordinal);
        if (end < 0) end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    private static string Cut(string path) => path.Length > LongestPath ? path[..LongestPath] + "..." : path;
}
