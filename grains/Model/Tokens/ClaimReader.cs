using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace MeshOrleans.Model.Tokens;

/// <summary>Reads JSON that is not trusted: strictly (RFC 8259), with no name twice, nested at most 16 deep.</summary>
internal static class ClaimReader
{
    private const int MaxDepth = 16;

    /// <summary>Reads a text whose value is an object. The caller bounds its length.</summary>
    public static Claim? TryReadObject(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject) return null;
            var claim = Read(ref reader);
            return claim is null || reader.Read() ? null : claim;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null; // the reader has no other way to say that it is no JSON, or no Unicode
        }
    }

    private static Claim? Read(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return ReadObject(ref reader, start);
            case JsonTokenType.StartArray:
                return ReadList(ref reader, start);
            case JsonTokenType.String:
                return Plain(ClaimKind.Text, reader.GetString()!, start, in reader);
            case JsonTokenType.Number:
                return Plain(ClaimKind.Number, Encoding.ASCII.GetString(reader.ValueSpan), start, in reader);
            case JsonTokenType.True:
                return Plain(ClaimKind.Flag, "true", start, in reader);
            case JsonTokenType.False:
                return Plain(ClaimKind.Flag, "false", start, in reader);
            default:
                return Plain(ClaimKind.Null, "", start, in reader);
        }
    }

    private static Claim? ReadObject(ref Utf8JsonReader reader, int start)
    {
        var members = new Dictionary<string, Claim>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (!reader.Read() || Read(ref reader) is not { } value || !members.TryAdd(name, value)) return null;
        }

        return new Claim(ClaimKind.Object, "", [], members, start..(int)reader.BytesConsumed);
    }

    private static Claim? ReadList(ref Utf8JsonReader reader, int start)
    {
        var items = ImmutableArray.CreateBuilder<Claim>();
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (Read(ref reader) is not { } value) return null;
            items.Add(value);
        }

        return new Claim(ClaimKind.List, "", items.ToImmutable(), members: null, start..(int)reader.BytesConsumed);
    }

    private static Claim Plain(ClaimKind kind, string text, int start, in Utf8JsonReader reader) =>
        new(kind, text, [], members: null, start..(int)reader.BytesConsumed);
}
