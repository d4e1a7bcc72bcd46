using System.Buffers.Binary;

namespace MeshOrleans.Proxy.Dataplane.Grpc;

/// <summary>One message on its own, as calls of one question and one answer have it.</summary>
/// <remarks>Source: gRPC over HTTP/2: a byte for compression and the length in four, then the message.</remarks>
internal static class GrpcFrame
{
    public const string ContentType = "application/grpc";

    private const int PrefixLength = 5;

    /// <summary>The message behind its prefix.</summary>
    public static byte[] Of(WireWriter message)
    {
        var frame = new byte[PrefixLength + message.Written.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Written.Length);
        message.Written.CopyTo(frame.AsSpan(PrefixLength));
        return frame;
    }

    /// <summary>The message of a frame; false where it is compressed, cut short, or not the only one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, out ReadOnlySpan<byte> message)
    {
        message = default;
        if (frame.Length < PrefixLength || frame[0] != 0) return false;
        message = frame[PrefixLength..];
        return BinaryPrimitives.ReadUInt32BigEndian(frame[1..]) == (uint)message.Length;
    }
}
