using Orleans.Storage;

namespace MeshOrleans.Grains.Embedded;

/// <summary>
/// A call that somebody waits for: the answer, the caller's cancellation or the timeout, whichever is first.
/// </summary>
internal sealed class GrainCall<T>(
    string method,
    GrainId target,
    Func<Activation, CancellationToken, Task<T>> body,
    CancellationToken callerToken) : Turn
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource? _callee = callerToken.CanBeCanceled ? new() : null;
    private readonly Activation? _caller = ActivationScheduler.Current?.Activation;
    private CancellationTokenRegistration _registration;
    private ITimer? _timer;
    private TimeSpan _timeout;

    public GrainId Target => target;

    public override string? AwaitedAs => _answer.Task.IsCompleted ? null : $"{method} of {target}";

    /// <summary>Starts the clock, before the call is queued.</summary>
    public Task<T> Await(TimeProvider clock, TimeSpan timeout)
    {
        _timeout = timeout;
        _caller?.NoteAwaited(this);
        _timer = clock.CreateTimer(
            static call => ((GrainCall<T>)call!).OnTimeout(), this, timeout, Timeout.InfiniteTimeSpan);
        _registration = callerToken.UnsafeRegister(static call => ((GrainCall<T>)call!).OnCancelled(), this);
        return _answer.Task;
    }

    public override void Reject(Exception exception) => End(_answer.TrySetException(exception));

    protected override async Task RunAsync(Activation activation)
    {
        if (_answer.Task.IsCompleted) return; // nobody waits any more
        try
        {
            var result = await body(activation, _callee?.Token ?? CancellationToken.None);
            End(_answer.TrySetResult(result));
        }
        catch (OperationCanceledException) when (callerToken.IsCancellationRequested)
        {
            End(_answer.TrySetCanceled(callerToken));
        }
        catch (Exception exception)
        {
            // First the activation, so that the caller's next call meets a fresh one.
            if (exception is InconsistentStateException conflict) activation.OnInconsistentState(conflict);
            End(_answer.TrySetException(exception));
        }
    }

    private void OnTimeout() => End(_answer.TrySetException(new TimeoutException(
        $"{method} of {target}, called from {_caller?.GrainId.ToString() ?? "outside the grains"}, "
        + $"gave no answer within {_timeout}: {Progress()}.")));

    private string Progress()
    {
        if (Activation is not { } activation) return "it had not begun, the grain was busy";
        return activation.Awaited is { } awaited ? $"the grain waits for {awaited}" : "it had begun";
    }

    private void OnCancelled()
    {
        if (!_answer.TrySetCanceled(callerToken)) return;
        _timer!.Dispose();
        _caller?.ForgetAwaited(this);
        // The callee's token is signalled on its own scheduler: what is registered with it belongs to the grain's
        // turns.
        Activation?.Post(_callee!.Cancel);
    }

    private void End(bool first)
    {
        if (!first) return;
        _timer?.Dispose();
        _caller?.ForgetAwaited(this);
        _registration.Unregister(); // unlike Dispose it does not wait for a callback that is running
    }
}
