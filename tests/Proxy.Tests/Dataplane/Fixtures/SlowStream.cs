namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>A stream whose first write comes late, and in two halves.</summary>
/// <param name="inner">Where they go.</param>
/// <param name="pause">What is waited for before either half.</param>
internal sealed class SlowStream(Stream inner, Func<Task> pause) : Stream
{
    private bool _hasWritten;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_hasWritten)
        {
            _hasWritten = true;
            await pause();
            await inner.WriteAsync(buffer[..(buffer.Length / 2)], cancellationToken);
            await pause();
            buffer = buffer[(buffer.Length / 2)..];
        }

        await inner.WriteAsync(buffer, cancellationToken);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(buffer, cancellationToken);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
