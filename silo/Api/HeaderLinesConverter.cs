using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Silo.Api;

/// <summary>The lines of one header: one text for one line, a list of texts for any number.</summary>
internal sealed class HeaderLinesConverter : JsonConverter<StringValues>
{
    public override StringValues Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is JsonTokenType.String) return reader.GetString();
        if (reader.TokenType is not JsonTokenType.StartArray) throw new JsonException();
        var lines = new List<string?>();
        while (reader.Read() && reader.TokenType is JsonTokenType.String) lines.Add(reader.GetString());
        return reader.TokenType is JsonTokenType.EndArray ? lines.ToArray() : throw new JsonException();
    }

    public override void Write(Utf8JsonWriter writer, StringValues value, JsonSerializerOptions options)
    {
        if (value.Count == 1)
        {
            writer.WriteStringValue(value[0]);
            return;
        }

        writer.WriteStartArray();
        foreach (var line in value) writer.WriteStringValue(line);
        writer.WriteEndArray();
    }
}
