using MeshOrleans.Proxy.Http2.Connections;

namespace MeshOrleans.Proxy.Http2.Server;

/// <summary>Takes the body of an answer.</summary>
internal sealed class OutgoingBody(ResponseState response) : AsyncStream
{
    public override bool CanWrite => true;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        response.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => response.StartAsync().AsTask();
}
