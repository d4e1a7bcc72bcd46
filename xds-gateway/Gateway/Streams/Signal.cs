using System.Threading.Tasks.Sources;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>
/// Wakes one waiter; signals that come before it waits are kept as one. Waiting makes no garbage: every stream waits
/// twice for each push.
/// </summary>
internal sealed class Signal : IValueTaskSource<bool>
{
    // What the state can be; whoever takes it away from Awaited ends the wait.
    private const int Idle = 0;
    private const int Raised = 1;
    private const int Awaited = 2;

    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(30);

    private ManualResetValueTaskSourceCore<bool> _wait;
    private int _state;
    private ITimer? _timer;
    private CancellationTokenRegistration _cancellation;
    private CancellationToken _cancelledBy;

    /// <summary>Wakes the waiter, which goes on on another thread. Any thread may call.</summary>
    public void Set() => Set(isInline: false);

    /// <summary>Wakes the waiter, which goes on inside of this call: for who has nothing else to do and holds no lock.</summary>
    public void SetInline() => Set(isInline: true);

    /// <summary>Waits until it is set. One waiter at a time.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken) =>
        await WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

    /// <summary>Waits until it is set, or about so long. One waiter at a time, and always with the same clock.</summary>
    /// <returns>
    /// False when the time passed without a signal; rarely, when a wait before it ended just in time, somewhat earlier.
    /// </returns>
    public ValueTask<bool> WaitAsync(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Raised) == Raised) return new ValueTask<bool>(true);
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<bool>(cancellationToken);
        _wait.Reset();
        _cancelledBy = cancellationToken;
        if (Interlocked.CompareExchange(ref _state, Awaited, Idle) == Raised)
        {
            Volatile.Write(ref _state, Idle);
            return new ValueTask<bool>(true);
        }

        if (time != Timeout.InfiniteTimeSpan) Arm(time, clock);
        _cancellation = cancellationToken.UnsafeRegister(static s => ((Signal)s!).Cancel(), this);
        return new ValueTask<bool>(this, _wait.Version);
    }

    bool IValueTaskSource<bool>.GetResult(short token)
    {
        _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _cancellation.Unregister();
        return _wait.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    private void Set(bool isInline)
    {
        while (true)
        {
            switch (Interlocked.CompareExchange(ref _state, Raised, Idle))
            {
                case Idle or Raised:
                    return;
                case Awaited when TryEndWait(isInline):
                    _wait.SetResult(true);
                    return;
            }
        }
    }

    private void Arm(TimeSpan time, TimeProvider clock)
    {
        _timer ??= clock.CreateTimer(
            static s => ((Signal)s!).Expire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var due = time < TimeSpan.Zero ? TimeSpan.Zero : time < LongestTimer ? time : LongestTimer;
        _timer.Change(due, Timeout.InfiniteTimeSpan);
    }

    private void Expire()
    {
        if (TryEndWait(isInline: false)) _wait.SetResult(false);
    }

    private void Cancel()
    {
        if (TryEndWait(isInline: false)) _wait.SetException(new OperationCanceledException(_cancelledBy));
    }

    private bool TryEndWait(bool isInline)
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Awaited) != Awaited) return false;
        _wait.RunContinuationsAsynchronously = !isInline;
        return true;
    }
}
