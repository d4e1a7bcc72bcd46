using System.Net;
using System.Net.Http.Headers;
using System.Threading.Channels;

namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>A request body that is written while the response is already being read.</summary>
internal sealed class GrpcRequestContent : HttpContent
{
    private readonly ChannelReader<ReadOnlyMemory<byte>> _frames;

    public GrpcRequestContent(ChannelReader<ReadOnlyMemory<byte>> frames)
    {
        _frames = frames;
        Headers.ContentType = new MediaTypeHeaderValue(GrpcHeaders.ContentType);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = -1;
        return false;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Lets the headers out: a stream whose first message comes late must be open all the same.
        await stream.FlushAsync(cancellationToken);
        while (await _frames.WaitToReadAsync(cancellationToken))
        {
            while (_frames.TryRead(out var frame)) await stream.WriteAsync(frame, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }
    }
}
