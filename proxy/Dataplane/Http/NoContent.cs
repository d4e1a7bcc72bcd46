using System.Net;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>The content of a request that has none, for the sake of its content headers.</summary>
internal sealed class NoContent : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.CompletedTask;

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return true;
    }
}
