using MeshOrleans.Proxy.Http2.Connections;

namespace MeshOrleans.Proxy.Http2.Server;

/// <summary>Both directions of a CONNECT that was accepted.</summary>
internal sealed class TunnelStream(Stream incoming, Stream outgoing) : AsyncStream
{
    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        incoming.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        outgoing.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => outgoing.FlushAsync(cancellationToken);
}
