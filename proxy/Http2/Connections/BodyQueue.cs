using System.Buffers;
using System.Threading.Tasks.Sources;

namespace MeshOrleans.Proxy.Http2.Connections;

/// <summary>
/// The bytes of one direction of a stream between the connection, which appends, and one reader. The window bounds them.
/// The reader goes on inline with whoever wakes it.
/// </summary>
internal sealed class BodyQueue : IValueTaskSource
{
    private const int Smallest = 2 * 1024;

    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _wait;
    private CancellationTokenRegistration _registration;
    private byte[]? _bytes;
    private int _head;
    private int _count;
    private bool _isEnded;
    private bool _isDropped;
    private bool _isArmed;
    private Exception? _failure;

    /// <summary>Whether all of it has come and been read.</summary>
    public bool IsDone
    {
        get { lock (_gate) return _isEnded && _count == 0 && _failure is null; }
    }

    /// <summary>Adds bytes; false when nobody wants them any more.</summary>
    public bool Append(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_isDropped || _failure is not null) return false;
            if (bytes.IsEmpty) return true;
            MakeRoom(bytes.Length);
            bytes.CopyTo(_bytes.AsSpan(_head + _count));
            _count += bytes.Length;
            return true;
        }
    }

    /// <summary>Nothing follows.</summary>
    public void End()
    {
        lock (_gate) _isEnded = true;
    }

    /// <summary>Nothing follows, and something is missing: unless all of it had come.</summary>
    public void Fail(Exception failure)
    {
        lock (_gate)
        {
            if (!_isEnded) _failure ??= failure;
        }
    }

    /// <summary>Nobody is to read any more; whoever does is told so.</summary>
    /// <returns>How many bytes were left, which the sender is to have back.</returns>
    public int Drop()
    {
        int left;
        lock (_gate)
        {
            left = _count;
            if (!_isEnded || left > 0) _failure ??= new ObjectDisposedException(nameof(BodyQueue));
            _isDropped = true;
            Release();
        }

        Wake();
        return left;
    }

    /// <summary>Lets the waiting reader go on, if there is something for it. Never under a lock.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            if (!_isArmed || !HasNews()) return;
            _isArmed = false;
        }

        _wait.SetResult(true);
    }

    /// <summary>Takes what is there.</summary>
    /// <returns>How many bytes; 0 at the end; -1 when there is nothing yet.</returns>
    /// <exception cref="IOException">The rest will not come.</exception>
    public int TryRead(Span<byte> into)
    {
        lock (_gate)
        {
            if (_count == 0)
            {
                if (_failure is { } failure) throw failure;
                return _isEnded ? 0 : -1;
            }

            var taken = Math.Min(into.Length, _count);
            _bytes.AsSpan(_head, taken).CopyTo(into);
            (_head, _count) = (_head + taken, _count - taken);
            if (_count == 0) Release();
            return taken;
        }
    }

    /// <summary>Completes when there is something to read, or an end.</summary>
    /// <exception cref="OperationCanceledException">It was not awaited any longer.</exception>
    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        short version;
        lock (_gate)
        {
            if (HasNews()) return default;
            _wait.Reset();
            version = _wait.Version;
            _isArmed = true;
        }

        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(
                static (queue, token) => ((BodyQueue)queue!).GiveUp(token), this);
        }

        return new ValueTask(this, version);
    }

    void IValueTaskSource.GetResult(short token)
    {
        _registration.Dispose();
        _registration = default;
        _wait.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    private bool HasNews() => _count > 0 || _isEnded || _failure is not null;

    private void GiveUp(CancellationToken token)
    {
        lock (_gate)
        {
            if (!_isArmed) return;
            _isArmed = false;
        }

        _wait.SetException(new OperationCanceledException(token));
    }

    private void MakeRoom(int length)
    {
        if (_bytes is null)
        {
            _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(Smallest, length));
            return;
        }

        if (_bytes.Length - _head - _count >= length) return;
        var to = _bytes.Length - _count >= length ? _bytes : ArrayPool<byte>.Shared.Rent((_count + length) * 2);
        _bytes.AsSpan(_head, _count).CopyTo(to);
        if (to != _bytes) ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, _head) = (to, 0);
    }

    private void Release()
    {
        if (_bytes is not null) ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, _head, _count) = (null, 0, 0);
    }
}
