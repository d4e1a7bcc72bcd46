using System.Buffers;
using System.Buffers.Binary;
using MeshOrleans.Proxy.Http2.Frames;

namespace MeshOrleans.Proxy.Http2.Connections;

/// <summary>
/// The frames that go out on one connection: gathered under a lock, written by whoever finds nobody writing. What is added
/// meanwhile goes with the next write.
/// </summary>
internal sealed class FrameOutput(Stream stream, Action<Exception> onFailure) : IBufferWriter<byte>
{
    /// <summary>So much may wait before those who send data have to wait too, in bytes.</summary>
    public const int Crowded = 256 * 1024;

    private const int Initial = 4 * 1024;
    private const int KeptBuffer = 64 * 1024;

    private byte[] _filling = new byte[Initial];
    private byte[] _writing = new byte[Initial];
    private int _length;
    private bool _isWriting;
    private bool _isClosed;
    private TaskCompletionSource? _emptied;
    private TaskCompletionSource? _idle;

    /// <summary>To be held around every addition; never while awaiting or completing anything.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Nothing is written any more. Under the lock.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Those who send data have to wait. Under the lock.</summary>
    public bool IsCrowded => _length >= Crowded && !_isClosed;

    /// <summary>How many bytes wait. Under the lock.</summary>
    public int Waiting => _length;

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(1, sizeHint));
        return _filling.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(1, sizeHint));
        return _filling.AsSpan(_length);
    }

    /// <summary>Adds a frame. Under the lock.</summary>
    public void Add(FrameType type, byte flags, int streamId, ReadOnlySpan<byte> payload)
    {
        var span = GetSpan(FrameHeader.Size + payload.Length);
        new FrameHeader(payload.Length, type, flags, streamId).Write(span);
        payload.CopyTo(span[FrameHeader.Size..]);
        Advance(FrameHeader.Size + payload.Length);
    }

    /// <summary>Adds a frame whose payload is one number. Under the lock.</summary>
    public void Add(FrameType type, int streamId, uint value)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(payload, value);
        Add(type, 0, streamId, payload);
    }

    /// <summary>
    /// Makes what was added since <paramref name="start"/> a block of fields: one frame, or several if it is longer than the
    /// peer takes. Under the lock.
    /// </summary>
    /// <param name="start">What <see cref="BeginBlock"/> said.</param>
    /// <param name="streamId">Its stream.</param>
    /// <param name="endsStream">Nothing follows on the stream.</param>
    /// <param name="longest">The longest payload that the peer takes, in bytes.</param>
    public void EndBlock(int start, int streamId, bool endsStream, int longest)
    {
        var length = _length - start - FrameHeader.Size;
        var flags = endsStream ? FrameHeader.EndStream : (byte)0;
        if (length <= longest)
        {
            new FrameHeader(length, FrameType.Headers, (byte)(flags | FrameHeader.EndHeaders), streamId)
                .Write(_filling.AsSpan(start));
            return;
        }

        new FrameHeader(longest, FrameType.Headers, flags, streamId).Write(_filling.AsSpan(start));
        var rest = _filling.AsSpan(start + FrameHeader.Size + longest, length - longest).ToArray();
        _length = start + FrameHeader.Size + longest;
        for (var at = 0; at < rest.Length; at += longest)
        {
            var part = rest.AsSpan(at, Math.Min(longest, rest.Length - at));
            var isLast = at + part.Length == rest.Length;
            Add(FrameType.Continuation, isLast ? FrameHeader.EndHeaders : (byte)0, streamId, part);
        }
    }

    /// <summary>Leaves room for the header of a block of fields. Under the lock.</summary>
    public int BeginBlock()
    {
        var start = _length;
        Reserve(FrameHeader.Size);
        _length += FrameHeader.Size;
        return start;
    }

    /// <summary>Sees to it that all that was added is written; does not wait for it.</summary>
    public void Flush()
    {
        lock (Gate)
        {
            if (_isClosed) _length = 0;
            if (_isWriting || _length == 0) return;
            _isWriting = true;
        }

        _ = WriteAsync(); // ends with the stream, and Close waits for it
    }

    /// <summary>Completes when less than <see cref="Crowded"/> waits.</summary>
    public ValueTask RoomAsync(CancellationToken cancellationToken)
    {
        lock (Gate)
        {
            if (_length < Crowded || _isClosed) return default;
            _emptied ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_emptied.Task.WaitAsync(cancellationToken));
        }
    }

    /// <summary>Completes when all has been written, or after so much time.</summary>
    public async Task EmptyAsync(TimeSpan limit, TimeProvider clock)
    {
        Task empty;
        lock (Gate)
        {
            if (!_isWriting) return;
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            empty = _idle.Task;
        }

        using var end = new CancellationTokenSource(limit, clock); // infinite for as long as it takes
        await empty.WaitAsync(end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Nothing more is written; what waits is dropped.</summary>
    /// <returns>Completes when nothing is being written any more.</returns>
    public Task CloseAsync()
    {
        TaskCompletionSource? emptied;
        Task idle;
        lock (Gate)
        {
            _isClosed = true;
            (_length, _filling) = (0, []);
            (emptied, _emptied) = (_emptied, null);
            if (_isWriting) _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            idle = _idle?.Task ?? Task.CompletedTask;
        }

        emptied?.TrySetResult();
        return idle;
    }

    private async Task WriteAsync()
    {
        while (true)
        {
            int length;
            TaskCompletionSource? emptied;
            lock (Gate)
            {
                length = _length;
                if (length == 0 || _isClosed)
                {
                    _isWriting = false;
                    _idle?.TrySetResult();
                    _idle = null;
                    return;
                }

                (_filling, _writing) = (_writing, _filling);
                _length = 0;
                (emptied, _emptied) = (_emptied, null);
            }

            emptied?.TrySetResult();
            try
            {
                await stream.WriteAsync(_writing.AsMemory(0, length)).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                lock (Gate)
                {
                    (_isClosed, _isWriting, _length) = (true, false, 0);
                    _idle?.TrySetResult();
                    _idle = null;
                    emptied = _emptied;
                }

                emptied?.TrySetResult();
                onFailure(exception);
                return;
            }

            if (_writing.Length > KeptBuffer) _writing = new byte[Initial];
        }
    }

    private void Reserve(int size)
    {
        if (_filling.Length - _length >= size) return;
        Array.Resize(ref _filling, Math.Max(_filling.Length * 2, _length + size));
    }
}
