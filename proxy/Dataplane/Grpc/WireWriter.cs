using System.Buffers;
using System.Text;

namespace MeshOrleans.Proxy.Dataplane.Grpc;

/// <summary>Writes the fields of a protobuf message.</summary>
/// <remarks>Source: Protocol Buffers, "Encoding".</remarks>
internal sealed class WireWriter
{
    private const int LengthDelimited = 2;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public void Number(int field, long value)
    {
        if (value == 0) return;
        Varint((ulong)field << 3);
        Varint((ulong)value);
    }

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) return;
        Varint(((ulong)field << 3) | LengthDelimited);
        Varint((ulong)value.Length);
        _bytes.Write(value);
    }

    /// <summary>A message in the message; it is there even when it is empty.</summary>
    public void Message(int field, WireWriter value)
    {
        Varint(((ulong)field << 3) | LengthDelimited);
        Varint((ulong)value.Written.Length);
        _bytes.Write(value.Written);
    }

    /// <summary>
    /// Text of HTTP, of which each character is a byte: what is no UTF-8 is shown as <c>!</c>, as Envoy shows it.
    /// </summary>
    public void Text(int field, string value)
    {
        if (value.Length == 0) return;
        Text(field, Encoding.Latin1.GetBytes(value));
    }

    /// <summary>Bytes as text, in the same way.</summary>
    public void Text(int field, ReadOnlySpan<byte> value)
    {
        if (System.Text.Unicode.Utf8.IsValid(value)) Bytes(field, value);
        else Bytes(field, Sanitized(value));
    }

    private static byte[] Sanitized(ReadOnlySpan<byte> value)
    {
        var bytes = value.ToArray();
        for (var i = 0; i < bytes.Length;)
        {
            if (Rune.DecodeFromUtf8(value[i..], out _, out var length) is OperationStatus.Done)
            {
                i += length;
                continue;
            }

            bytes.AsSpan(i, length).Fill((byte)'!');
            i += length;
        }

        return bytes;
    }

    private void Varint(ulong value)
    {
        Span<byte> buffer = stackalloc byte[10];
        var count = 0;
        for (; value >= 0x80; value >>= 7) buffer[count++] = (byte)(value | 0x80);
        buffer[count++] = (byte)value;
        _bytes.Write(buffer[..count]);
    }
}
