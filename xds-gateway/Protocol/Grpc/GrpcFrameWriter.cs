using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;

namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>Writes length-prefixed messages, uncompressed.</summary>
internal static class GrpcFrameWriter
{
    public static void Write(IBufferWriter<byte> output, IMessage message)
    {
        var size = message.CalculateSize();
        WritePrefix(output, size);
        if (size == 0) return;
        message.WriteTo(output.GetSpan(size)[..size]);
        output.Advance(size);
    }

    /// <summary>What stands before a message of a size.</summary>
    public static void WritePrefix(IBufferWriter<byte> output, int size)
    {
        var prefix = output.GetSpan(GrpcFrameReader.PrefixLength);
        prefix[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], size);
        output.Advance(GrpcFrameReader.PrefixLength);
    }
}
