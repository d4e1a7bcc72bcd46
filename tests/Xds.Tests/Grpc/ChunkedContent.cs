using System.Net;

namespace MeshOrleans.Xds.Tests.Grpc;

/// <summary>A body that leaves in the given pieces, each flushed on its own.</summary>
internal sealed class ChunkedContent(params byte[][] chunks) : HttpContent
{
    /// <summary>A message with its gRPC prefix.</summary>
    public static byte[] Frame(byte[] payload, byte flag = 0) =>
    [
        flag, (byte)(payload.Length >> 24), (byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length,
        .. payload,
    ];

    protected override bool TryComputeLength(out long length)
    {
        length = -1;
        return false;
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        foreach (var chunk in chunks)
        {
            await stream.WriteAsync(chunk);
            await stream.FlushAsync();
        }
    }
}
