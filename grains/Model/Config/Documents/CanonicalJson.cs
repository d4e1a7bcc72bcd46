using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace MeshOrleans.Model.Config.Documents;

/// <summary>
/// One text for all ways of writing the same document: keys sorted, nulls of objects left out, numbers in shortest
/// form, no white space. Two resources are equal when these texts are.
/// </summary>
public static class CanonicalJson
{
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // read by us only, never put into HTML
        MaxDepth = DocumentLimits.MaxDepth + 8,
    };

    /// <summary>The text of a document.</summary>
    public static string Write(DocumentNode node) => Write(writer => Write(writer, node));

    /// <summary>The text of what <paramref name="write"/> writes.</summary>
    internal static string Write(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Options)) write(writer);
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>Writes a document as a value.</summary>
    internal static void Write(Utf8JsonWriter writer, DocumentNode node)
    {
        switch (node)
        {
            case MapNode map:
                writer.WriteStartObject();
                var given = map.Entries.Where(e => !e.Value.IsNull);
                foreach (var entry in given.OrderBy(e => e.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(entry.Key);
                    Write(writer, entry.Value);
                }

                writer.WriteEndObject();
                break;
            case ListNode list:
                writer.WriteStartArray();
                foreach (var item in list.Items) Write(writer, item);
                writer.WriteEndArray();
                break;
            case ScalarNode scalar:
                Write(writer, scalar);
                break;
        }
    }

    private static void Write(Utf8JsonWriter writer, ScalarNode scalar)
    {
        switch (scalar.Kind)
        {
            case ScalarKind.Null:
                writer.WriteNullValue();
                break;
            case ScalarKind.Boolean:
                writer.WriteBooleanValue(scalar.Text[0] is 't' or 'T');
                break;
            case ScalarKind.Number:
                writer.WriteRawValue(Shortest(scalar.Text));
                break;
            default:
                writer.WriteStringValue(scalar.Text);
                break;
        }
    }

    private static string Shortest(string number)
    {
        if (long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return whole.ToString(CultureInfo.InvariantCulture);
        }

        var value = double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture);
        return value == 0 ? "0" : value.ToString("R", CultureInfo.InvariantCulture);
    }
}
