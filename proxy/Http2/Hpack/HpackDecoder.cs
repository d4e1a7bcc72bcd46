using System.Buffers;
using System.Text;

namespace MeshOrleans.Proxy.Http2.Hpack;

/// <summary>What became of a block of fields.</summary>
internal enum DecodeResult
{
    Whole,

    /// <summary>Longer than allowed: what was too much was left out, and the table is right.</summary>
    TooLong,

    /// <summary>The table is no longer what the peer thinks it is: the connection must end.</summary>
    Malformed,
}

/// <summary>Reads blocks of fields (RFC 7541). Bounded, and never throws.</summary>
/// <param name="longest">How many bytes of fields a block may come to, counted as by <see cref="HeaderField.Size"/>.</param>
/// <param name="tableSize">What was announced as the largest table, in bytes.</param>
internal sealed class HpackDecoder(int longest, int tableSize = HpackDecoder.DefaultTableSize)
{
    /// <summary>The size of a table of which nothing was said, in bytes.</summary>
    public const int DefaultTableSize = 4096;

    private readonly DynamicTable _table = new(tableSize);

    /// <summary>Reads a whole block.</summary>
    public DecodeResult Decode(ReadOnlySpan<byte> block, IFieldSink sink)
    {
        var (size, isFirst) = (0, true);
        while (!block.IsEmpty)
        {
            var first = block[0];
            if ((first & 0xe0) == 0x20)
            {
                // a new size of the table comes before the fields
                if (!isFirst || !TryReadInteger(ref block, 5, out var capacity) || capacity > tableSize)
                {
                    return DecodeResult.Malformed;
                }

                _table.Resize(capacity);
                continue;
            }

            isFirst = false;
            if (!TryReadField(ref block, first, out var field)) return DecodeResult.Malformed;
            size = (int)Math.Min((long)size + field.Size, int.MaxValue);
            if (size <= longest) sink.Take(field.Name, field.Value);
        }

        return size <= longest ? DecodeResult.Whole : DecodeResult.TooLong;
    }

    private bool TryReadField(ref ReadOnlySpan<byte> block, byte first, out HeaderField field)
    {
        field = default;
        if ((first & 0x80) != 0)
        {
            return TryReadInteger(ref block, 7, out var whole) && TryFind(whole, out field);
        }

        var isIndexed = (first & 0x40) != 0;
        if (!TryReadInteger(ref block, isIndexed ? 6 : 4, out var index)) return false;
        string? name;
        if (index > 0)
        {
            if (!TryFind(index, out var named)) return false;
            name = named.Name;
        }
        else if (!TryReadString(ref block, isName: true, out name))
        {
            return false;
        }

        if (!TryReadString(ref block, isName: false, out var value)) return false;
        field = new HeaderField(name, value);
        if (isIndexed) _table.Add(field);
        return true;
    }

    private bool TryFind(int index, out HeaderField field)
    {
        field = default;
        if (index == 0 || index - StaticTable.Count > _table.Count) return false;
        field = index <= StaticTable.Count ? StaticTable.At(index) : _table.At(index - StaticTable.Count);
        return true;
    }

    // RFC 7541 section 5.1; what does not fit into 28 bits is no number that anything here could need
    private static bool TryReadInteger(ref ReadOnlySpan<byte> block, int prefix, out int value)
    {
        var most = (1 << prefix) - 1;
        value = block[0] & most;
        var at = 1;
        if (value == most)
        {
            for (var shift = 0; ; shift += 7)
            {
                if (at >= block.Length || shift > 21) return false;
                var octet = block[at++];
                value += (octet & 0x7f) << shift;
                if ((octet & 0x80) == 0) break;
            }
        }

        block = block[at..];
        return true;
    }

    private static bool TryReadString(
        ref ReadOnlySpan<byte> block, bool isName, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? text)
    {
        text = null;
        if (block.IsEmpty) return false;
        var isCoded = (block[0] & 0x80) != 0;
        if (!TryReadInteger(ref block, 7, out var length) || length > block.Length) return false;
        var bytes = block[..length];
        block = block[length..];
        if (!isCoded)
        {
            text = Text(bytes, isName);
            return true;
        }

        var rented = ArrayPool<byte>.Shared.Rent(HuffmanCode.LongestOf(length));
        var isRight = HuffmanCode.TryDecode(bytes, rented, out var decoded);
        if (isRight) text = Text(rented.AsSpan(0, decoded), isName);
        ArrayPool<byte>.Shared.Return(rented);
        return isRight;
    }

    private static string Text(ReadOnlySpan<byte> bytes, bool isName) =>
        isName ? KnownNames.Of(bytes) : Encoding.Latin1.GetString(bytes);
}
