using System.Buffers.Binary;
using System.Text;

namespace MeshOrleans.Proxy.Dataplane.Health;

/// <summary>The call <c>grpc.health.v1.Health/Check</c>, as far as a check needs it.</summary>
/// <remarks>
/// Source: gRPC health checking protocol: <c>HealthCheckRequest.service = 1</c>, <c>HealthCheckResponse.status = 1</c>,
/// of which SERVING is 1; gRPC over HTTP/2: a message follows a byte for compression and its length in four.
/// </remarks>
internal static class GrpcHealth
{
    public const string Path = "/grpc.health.v1.Health/Check";
    public const string ContentType = "application/grpc";

    /// <summary>What is longer is no answer to this call.</summary>
    public const int LongestAnswer = 1024;

    private const int PrefixLength = 5;
    private const byte ServiceTag = (1 << 3) | 2;
    private const ulong StatusField = 1;
    private const ulong Serving = 1;

    /// <summary>The framed request.</summary>
    public static byte[] Request(string service)
    {
        var name = Encoding.UTF8.GetBytes(service);
        var message = new List<byte>(name.Length + 12);
        if (name.Length > 0)
        {
            message.Add(ServiceTag);
            for (var rest = (uint)name.Length; ; rest >>= 7)
            {
                message.Add((byte)(rest < 0x80 ? rest : (rest & 0x7f) | 0x80));
                if (rest < 0x80) break;
            }

            message.AddRange(name);
        }

        var frame = new byte[PrefixLength + message.Count];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Count);
        message.CopyTo(frame, PrefixLength);
        return frame;
    }

    /// <summary>Whether a framed answer says SERVING; false for whatever cannot be read.</summary>
    public static bool IsServing(ReadOnlySpan<byte> frame)
    {
        if (frame.Length is < PrefixLength or > LongestAnswer || frame[0] != 0) return false;
        var message = frame[PrefixLength..];
        if (BinaryPrimitives.ReadUInt32BigEndian(frame[1..]) != (uint)message.Length) return false;
        var status = 0UL;
        while (!message.IsEmpty)
        {
            if (!TryReadNumber(ref message, out var tag)) return false;
            switch (tag & 7)
            {
                case 0:
                    if (!TryReadNumber(ref message, out var value)) return false;
                    if (tag >> 3 == StatusField) status = value;
                    break;
                case 2:
                    if (!TryReadNumber(ref message, out var length) || length > (ulong)message.Length) return false;
                    message = message[(int)length..];
                    break;
                default:
                    return false;
            }
        }

        return status == Serving;
    }

    private static bool TryReadNumber(ref ReadOnlySpan<byte> rest, out ulong number)
    {
        number = 0;
        for (var (i, shift) = (0, 0); i < rest.Length && shift < 64; i++, shift += 7)
        {
            number |= (ulong)(rest[i] & 0x7f) << shift;
            if (rest[i] >= 0x80) continue;
            rest = rest[(i + 1)..];
            return true;
        }

        return false;
    }
}
