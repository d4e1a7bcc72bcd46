using System.Buffers.Binary;

namespace MeshOrleans.Proxy.Http2.Frames;

/// <summary>The nine bytes in front of every frame (RFC 9113 section 4.1).</summary>
internal readonly record struct FrameHeader(int Length, FrameType Type, byte Flags, int StreamId)
{
    /// <summary>In bytes.</summary>
    public const int Size = 9;

    public const byte EndStream = 0x1;
    public const byte Ack = 0x1;
    public const byte EndHeaders = 0x4;
    public const byte Padded = 0x8;
    public const byte WithPriority = 0x20;

    /// <summary>The largest stream number, and the largest window.</summary>
    public const int MostBits = 0x7fffffff;

    public bool Has(byte flag) => (Flags & flag) != 0;

    /// <summary>Reads the header that <paramref name="bytes"/> begins with; there are at least nine.</summary>
    public static FrameHeader Read(ReadOnlySpan<byte> bytes) => new(
        (bytes[0] << 16) | (bytes[1] << 8) | bytes[2],
        (FrameType)bytes[3],
        bytes[4],
        BinaryPrimitives.ReadInt32BigEndian(bytes[5..]) & MostBits);

    public void Write(Span<byte> bytes)
    {
        (bytes[0], bytes[1], bytes[2]) = ((byte)(Length >> 16), (byte)(Length >> 8), (byte)Length);
        (bytes[3], bytes[4]) = ((byte)Type, Flags);
        BinaryPrimitives.WriteInt32BigEndian(bytes[5..], StreamId);
    }
}
