namespace MeshOrleans.Grains.Embedded;

/// <summary>
/// One enumeration of a grain's stream. The body runs on the grain's scheduler between and beside its turns; the
/// consumer waits outside and can always leave.
/// </summary>
internal sealed class GrainStreamReader<T>(
    string method,
    GrainId target,
    Func<Activation, CancellationToken, IAsyncEnumerable<T>> open,
    Func<GrainCall<Activation>, Task<Activation>> send,
    CancellationToken argumentToken,
    CancellationToken enumeratorToken) : IAsyncEnumerator<T>, IOpenStream
{
    private readonly CancellationTokenSource _leave =
        CancellationTokenSource.CreateLinkedTokenSource(argumentToken, enumeratorToken);
    private readonly CancellationTokenSource _stop = new(); // the body's token, signalled on the grain's scheduler only
    private Activation? _activation;
    private IAsyncEnumerator<T>? _body;
    private Task<bool>? _moving;
    private Task? _close;
    private volatile bool _aborted;

    public T Current { get; private set; } = default!;

    public bool IsAwaited => Volatile.Read(ref _moving) is { IsCompleted: false };

    private Activation? Activation => Volatile.Read(ref _activation);

    public async ValueTask<bool> MoveNextAsync()
    {
        try
        {
            _leave.Token.ThrowIfCancellationRequested();
            var activation = Activation ?? await send(
                new GrainCall<Activation>(method, target, OpenAsync, _leave.Token) { Interleaves = true });
            activation.Touch();
            var more = await activation.RunAsync(MoveAsync).WaitAsync(_leave.Token);
            return more || !_aborted ? more : throw Aborted();
        }
        catch (OperationCanceledException) when (_aborted)
        {
            throw Aborted();
        }
        catch (OperationCanceledException) when (_leave.IsCancellationRequested)
        {
            if (Activation is { } activation) _ = activation.RunAsync(CloseAsync);
            throw new OperationCanceledException(
                argumentToken.IsCancellationRequested ? argumentToken : enumeratorToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Activation is { } activation)
        {
            var closing = activation.RunAsync(CloseAsync);
            // When the consumer left a wait, the body may still be at it: it ends by itself.
            if (!_leave.IsCancellationRequested) await closing;
        }

        _leave.Dispose();
    }

    public Task AbortAsync()
    {
        _aborted = true;
        var closing = CloseAsync();
        try
        {
            _leave.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The consumer was through with it already.
        }

        return closing;
    }

    private Task<Activation> OpenAsync(Activation activation, CancellationToken token)
    {
        if (!activation.TryAdd(this)) throw Aborted();
        _body = open(activation, _stop.Token).GetAsyncEnumerator(_stop.Token);
        Interlocked.Exchange(ref _activation, activation);
        if (_leave.IsCancellationRequested) _ = CloseAsync(); // the consumer left before it could see the activation
        return Task.FromResult(activation);
    }

    private Task<bool> MoveAsync() => _close is null ? _moving = MoveBodyAsync() : Task.FromResult(false);

    private async Task<bool> MoveBodyAsync()
    {
        var more = await _body!.MoveNextAsync();
        if (more) Current = _body.Current;
        return more;
    }

    // On the grain's scheduler, hence never twice at a time.
    private Task CloseAsync() => _close ??= CloseOnceAsync();

    private async Task CloseOnceAsync()
    {
        try
        {
            _stop.Cancel();
            if (_moving is { } moving)
            {
                await ((Task)moving).ConfigureAwait(
                    ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
            }

            if (_body is not null) await _body.DisposeAsync();
        }
        finally
        {
            Activation!.Remove(this);
        }
    }

    private EnumerationAbortedException Aborted() =>
        new($"{method} of {target} ended because the grain was deactivated.");
}
