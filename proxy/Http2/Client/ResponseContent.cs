using System.Net;

namespace MeshOrleans.Proxy.Http2.Client;

/// <summary>The body of a response, as it comes.</summary>
internal sealed class ResponseContent(ClientStream stream) : HttpContent
{
    private ResponseBody? _body;

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) => Body();

    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(Body());

    protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        Task.FromResult<Stream>(Body());

    protected override Task SerializeToStreamAsync(Stream target, TransportContext? context) => Body().CopyToAsync(target);

    protected override Task SerializeToStreamAsync(
        Stream target, TransportContext? context, CancellationToken cancellationToken) =>
        Body().CopyToAsync(target, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) Body().Dispose();
        base.Dispose(disposing);
    }

    private ResponseBody Body() => _body ??= new ResponseBody(stream);
}
