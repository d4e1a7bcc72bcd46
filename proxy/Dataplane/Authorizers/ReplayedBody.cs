using MeshOrleans.Proxy.Http2.Connections;

namespace MeshOrleans.Proxy.Dataplane.Authorizers;

/// <summary>A body whose beginning has been read already, from its first byte on.</summary>
internal sealed class ReplayedBody(ReadOnlyMemory<byte> beginning, Stream rest) : AsyncStream
{
    private ReadOnlyMemory<byte> _beginning = beginning;

    public override bool CanRead => true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_beginning.IsEmpty || buffer.IsEmpty) return rest.ReadAsync(buffer, cancellationToken);
        var count = Math.Min(buffer.Length, _beginning.Length);
        _beginning[..count].CopyTo(buffer);
        _beginning = _beginning[count..];
        return ValueTask.FromResult(count);
    }
}
