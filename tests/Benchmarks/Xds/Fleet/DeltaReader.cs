using System.Text;

namespace MeshOrleans.Benchmarks.Xds.Fleet;

/// <summary>What a simulated proxy needs of a delta response, read from its bytes without making objects of it.</summary>
/// <remarks>Source: field numbers of DeltaDiscoveryResponse (2 resources, 4 type_url, 5 nonce, 6 removed_resources) and
/// Resource (1 version, 3 name).</remarks>
internal ref struct DeltaReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>The field that was read last.</summary>
    public int Field { get; private set; }

    /// <summary>Its content.</summary>
    public ReadOnlySpan<byte> Content { get; private set; }

    /// <summary>Goes to the next field; false at the end.</summary>
    /// <exception cref="FormatException">The bytes are no message.</exception>
    public bool Next()
    {
        while (_rest.Length > 0)
        {
            var tag = Varint();
            Field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 2:
                    Content = Take((int)Varint());
                    return true;
                case 0:
                    Varint();
                    continue;
                case 1:
                    Take(8);
                    continue;
                case 5:
                    Take(4);
                    continue;
                default:
                    throw new FormatException($"wire type {tag & 7}");
            }
        }

        return false;
    }

    /// <summary>The first text field of a number; empty when there is none.</summary>
    public static string Text(ReadOnlySpan<byte> message, int field)
    {
        var reader = new DeltaReader(message);
        while (reader.Next())
        {
            if (reader.Field == field) return Encoding.UTF8.GetString(reader.Content);
        }

        return "";
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var one = Take(1)[0];
            value |= (ulong)(one & 0x7F) << shift;
            if (one < 0x80) return value;
        }

        throw new FormatException("a number that does not end");
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length < 0 || length > _rest.Length) throw new FormatException("a field beyond the end");
        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
