using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;

namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>Reads length-prefixed messages: one byte "compressed", four bytes of length, the message.</summary>
/// <remarks>
/// Never more than one message and the reader's own segments are held. After an exception the pipe cannot be read on.
/// </remarks>
internal sealed class GrpcFrameReader(PipeReader reader, int maxMessageSize)
{
    public const int PrefixLength = 5;

    /// <summary>The next message; null when the sender has finished.</summary>
    /// <exception cref="GrpcException">The sender broke a rule; the status says which.</exception>
    public async ValueTask<T?> ReadAsync<T>(MessageParser<T> parser, CancellationToken cancellationToken)
        where T : class, IMessage<T>
    {
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var rest = result.Buffer;
            if (TryTake(ref rest, out var payload))
            {
                try
                {
                    return Parse(parser, payload);
                }
                finally
                {
                    reader.AdvanceTo(rest.Start);
                }
            }

            reader.AdvanceTo(rest.Start, rest.End);
            if (!result.IsCompleted) continue;
            return rest.IsEmpty
                ? null
                : throw new GrpcException(GrpcStatusCode.Internal, "The stream ended in the middle of a message.");
        }
    }

    /// <summary>Cuts one message off; false when it has not arrived in full.</summary>
    private bool TryTake(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> payload)
    {
        payload = default;
        if (buffer.Length < PrefixLength) return false;
        Span<byte> prefix = stackalloc byte[PrefixLength];
        buffer.Slice(0, PrefixLength).CopyTo(prefix);
        if (prefix[0] != 0)
        {
            throw prefix[0] == 1
                ? new GrpcException(GrpcStatusCode.Unimplemented, "Compressed messages are not accepted.")
                : new GrpcException(GrpcStatusCode.Internal, "The stream is not made of gRPC messages.");
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (length > (uint)maxMessageSize)
        {
            throw new GrpcException(
                GrpcStatusCode.ResourceExhausted,
                $"A message of {length} bytes is above the limit of {maxMessageSize} bytes.");
        }

        if (buffer.Length < PrefixLength + length) return false;
        payload = buffer.Slice(PrefixLength, length);
        buffer = buffer.Slice(payload.End);
        return true;
    }

    private static T Parse<T>(MessageParser<T> parser, ReadOnlySequence<byte> payload)
        where T : class, IMessage<T>
    {
        try
        {
            return parser.ParseFrom(payload);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new GrpcException(GrpcStatusCode.Internal, $"A message is no {typeof(T).Name}.", exception);
        }
    }
}
