using System.Buffers.Binary;

namespace MeshOrleans.Xds.Tests.Raw;

/// <summary>The kinds of HTTP/2 frames.</summary>
/// <remarks>Source: RFC 9113, section 6.</remarks>
internal enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    Priority = 2,
    RstStream = 3,
    Settings = 4,
    PushPromise = 5,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

/// <summary>One frame, sent or received.</summary>
internal sealed record Frame(FrameType Type, byte Flags, int StreamId, byte[] Payload)
{
    public const int HeaderLength = 9;
    public const byte EndStream = 1;
    public const byte Ack = 1;
    public const byte EndHeaders = 4;

    public bool Has(byte flag) => (Flags & flag) != 0;

    /// <summary>The frame as it goes over the wire.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[HeaderLength + Payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, Payload.Length << 8);
        bytes[3] = (byte)Type;
        bytes[4] = Flags;
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(5), StreamId);
        Payload.CopyTo(bytes, HeaderLength);
        return bytes;
    }

    public static Frame Ping(long value = 0) => new(FrameType.Ping, 0, 0, Number(value));

    public static Frame Settings(params (ushort Name, uint Value)[] values)
    {
        var payload = new byte[6 * values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(6 * i), values[i].Name);
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan((6 * i) + 2), values[i].Value);
        }

        return new Frame(FrameType.Settings, 0, 0, payload);
    }

    public static Frame WindowUpdate(int streamId, int bytes) =>
        new(FrameType.WindowUpdate, 0, streamId, Number(bytes)[4..]);

    public static Frame RstStream(int streamId, int code) => new(FrameType.RstStream, 0, streamId, Number(code)[4..]);

    public static Frame Data(int streamId, byte[] payload, bool isLast = false) =>
        new(FrameType.Data, isLast ? EndStream : (byte)0, streamId, payload);

    private static byte[] Number(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }
}
