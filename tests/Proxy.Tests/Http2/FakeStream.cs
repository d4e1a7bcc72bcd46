using System.Threading.Channels;
using MeshOrleans.Proxy.Http2.Connections;

namespace MeshOrleans.Proxy.Tests.Http2;

/// <summary>Bytes that a test feeds; what was fed may still be read when the stream has just been disposed, as with a socket.</summary>
internal sealed class FakeStream : AsyncStream
{
    private readonly Channel<byte[]> _fed = Channel.CreateUnbounded<byte[]>();
    private readonly TaskCompletionSource _disposed = new();
    private readonly List<byte> _written = [];
    private readonly SemaphoreSlim _reads = new(0);

    public bool FailsWrites { get; set; }

    public Task? WriteGate { get; set; }

    public Task Disposed => _disposed.Task;

    public byte[] Written
    {
        get { lock (_written) return [.. _written]; }
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public void Feed(byte[] bytes) => _fed.Writer.TryWrite(bytes);

    public async Task WaitedFor(int reads)
    {
        for (; reads > 0; reads--) Assert.True(await _reads.WaitAsync(TimeSpan.FromSeconds(5)), "It was not read.");
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _reads.Release();
        ObjectDisposedException.ThrowIf(_disposed.Task.IsCompleted, this);
        var bytes = await _fed.Reader.ReadAsync(cancellationToken);
        bytes.CopyTo(buffer);
        return bytes.Length;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (FailsWrites || _disposed.Task.IsCompleted) throw new IOException("on purpose");
        if (WriteGate is { } gate) await Task.WhenAny(gate, Disposed);
        if (_disposed.Task.IsCompleted) throw new IOException("on purpose");
        lock (_written) _written.AddRange(buffer.Span);
    }

    protected override void Dispose(bool disposing)
    {
        _disposed.TrySetResult();
        if (disposing) _reads.Release(); // and stays: a read may still be under way
        base.Dispose(disposing);
    }
}
