using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace MeshOrleans.Model.Config.Documents;

/// <summary>Reads one JSON value as a document. Never throws; comments and trailing commas are refused.</summary>
public static class JsonDocumentReader
{
    /// <summary>
    /// Reads the text; null when it is no JSON, and <paramref name="errors"/> then say why and where.
    /// </summary>
    public static DocumentNode? Read(string text, ICollection<DocumentError> errors)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var places = new LinePlaces(bytes);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = DocumentLimits.MaxDepth });
        try
        {
            reader.Read();
            var node = ReadValue(ref reader, places, errors);
            reader.Read(); // whatever follows the value is an error
            return node;
        }
        catch (JsonException exception)
        {
            errors.Add(new DocumentError(Shorten(exception.Message), (int)(exception.LineNumber ?? 0) + 1));
        }
        catch (InvalidOperationException)
        {
            var line = places.At(reader.TokenStartIndex).Line;
            errors.Add(new DocumentError("a string holds characters that are no text", line));
        }

        return null;
    }

    private static DocumentNode ReadValue(
        ref Utf8JsonReader reader,
        LinePlaces places,
        ICollection<DocumentError> errors)
    {
        var (line, column) = places.At(reader.TokenStartIndex);
        return reader.TokenType switch
        {
            JsonTokenType.StartObject => ReadObject(ref reader, places, errors, line, column),
            JsonTokenType.StartArray => ReadArray(ref reader, places, errors, line, column),
            JsonTokenType.String => new ScalarNode(reader.GetString()!, true, line, column),
            _ => new ScalarNode(Encoding.UTF8.GetString(reader.ValueSpan), false, line, column),
        };
    }

    private static MapNode ReadObject(
        ref Utf8JsonReader reader,
        LinePlaces places,
        ICollection<DocumentError> errors,
        int line,
        int column)
    {
        var entries = ImmutableArray.CreateBuilder<MapEntry>();
        var keys = new Dictionary<string, int>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var place = places.At(reader.TokenStartIndex);
            var key = reader.GetString()!;
            reader.Read();
            var value = ReadValue(ref reader, places, errors);
            if (keys.TryAdd(key, place.Line)) entries.Add(new MapEntry(key, value, place.Line, place.Column));
            else errors.Add(new DocumentError($"duplicate key \"{key}\", first on line {keys[key]}", place.Line));
        }

        return new MapNode(entries.DrainToImmutable(), line, column);
    }

    private static ListNode ReadArray(
        ref Utf8JsonReader reader,
        LinePlaces places,
        ICollection<DocumentError> errors,
        int line,
        int column)
    {
        var items = ImmutableArray.CreateBuilder<DocumentNode>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(ReadValue(ref reader, places, errors));
        }

        return new ListNode(items.DrainToImmutable(), line, column);
    }

    private static string Shorten(string message)
    {
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    /// <summary>Where a byte stands.</summary>
    private sealed class LinePlaces
    {
        private readonly List<int> starts = [0];

        public LinePlaces(ReadOnlySpan<byte> bytes)
        {
            for (var i = 0; i < bytes.Length; i++)
            {
                if (bytes[i] == '\n') starts.Add(i + 1);
            }
        }

        public (int Line, int Column) At(long index)
        {
            var found = starts.BinarySearch((int)index);
            var line = found >= 0 ? found : ~found - 1;
            return (line + 1, (int)index - starts[line] + 1);
        }
    }
}
