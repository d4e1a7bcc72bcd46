using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace MeshOrleans.Cli.Output;

/// <summary>A JSON value as block YAML. What could be read as anything but text is quoted as JSON does.</summary>
internal static class YamlText
{
    private static readonly string[] Reserved = ["null", "~", "true", "false", "yes", "no", "on", "off", "y", "n"];

    public static string FromJson(string json)
    {
        using var document = JsonDocument.Parse(json);
        var text = new StringBuilder();
        Write(text, document.RootElement, 0);
        if (text[0] == ' ') text.Remove(0, 1);
        return text.ToString();
    }

    // Starts right behind the key or dash that introduces the value and ends with a line break.
    private static void Write(StringBuilder text, JsonElement value, int indent)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when value.EnumerateObject().Any():
                WriteMap(text, value, indent);
                break;
            case JsonValueKind.Array when value.GetArrayLength() > 0:
                WriteList(text, value, indent);
                break;
            default:
                text.Append(' ').Append(Scalar(value)).Append('\n');
                break;
        }
    }

    private static void WriteMap(StringBuilder text, JsonElement map, int indent)
    {
        if (text.Length > 0 && text[^1] != '-') text.Append('\n');
        var first = text.Length > 0 && text[^1] == '-';
        foreach (var property in map.EnumerateObject())
        {
            text.Append(' ', first ? 1 : indent).Append(Text(property.Name)).Append(':');
            first = false;
            Write(text, property.Value, indent + 2);
        }
    }

    private static void WriteList(StringBuilder text, JsonElement list, int indent)
    {
        if (text.Length > 0) text.Append('\n');
        foreach (var item in list.EnumerateArray())
        {
            text.Append(' ', indent).Append('-');
            Write(text, item, indent + 2);
        }
    }

    private static string Scalar(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "{}",
        JsonValueKind.Array => "[]",
        JsonValueKind.String => Text(value.GetString()!),
        _ => value.GetRawText(),
    };

    private static string Text(string text) => Plain(text) ? text : Quote(text);

    private static bool Plain(string text) =>
        text.Length > 0
        && (char.IsAsciiLetter(text[0]) || text[0] == '/')
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or '~')
        && !Reserved.Contains(text, StringComparer.OrdinalIgnoreCase);

    private static string Quote(string text) =>
        $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
