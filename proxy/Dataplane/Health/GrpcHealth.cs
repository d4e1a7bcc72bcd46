using System.Text;
using MeshOrleans.Proxy.Dataplane.Grpc;

namespace MeshOrleans.Proxy.Dataplane.Health;

/// <summary>The call <c>grpc.health.v1.Health/Check</c>, as far as a check needs it.</summary>
/// <remarks>
/// Source: gRPC health checking protocol: <c>HealthCheckRequest.service = 1</c>, <c>HealthCheckResponse.status = 1</c>,
/// of which SERVING is 1.
/// </remarks>
internal static class GrpcHealth
{
    public const string Path = "/grpc.health.v1.Health/Check";

    /// <summary>What is longer is no answer to this call.</summary>
    public const int LongestAnswer = 1024;

    private const int ServiceField = 1;
    private const int StatusField = 1;
    private const ulong Serving = 1;

    /// <summary>The framed request.</summary>
    public static byte[] Request(string service)
    {
        var message = new WireWriter();
        message.Bytes(ServiceField, Encoding.UTF8.GetBytes(service));
        return GrpcFrame.Of(message);
    }

    /// <summary>Whether a framed answer says SERVING; false for whatever cannot be read.</summary>
    public static bool IsServing(ReadOnlySpan<byte> frame)
    {
        if (frame.Length > LongestAnswer || !GrpcFrame.TryRead(frame, out var message)) return false;
        var reader = new WireReader(message);
        var status = 0UL;
        while (reader.Read())
        {
            if (!reader.IsNumber && !reader.IsBytes) return false;
            if (reader.IsNumber && reader.Field == StatusField) status = reader.Number;
        }

        return !reader.IsMalformed && status == Serving;
    }
}
