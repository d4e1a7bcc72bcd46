namespace MeshOrleans.Proxy.Sidecar;

/// <summary>Wakes one waiting loop; set before the wait, it is not lost.</summary>
internal sealed class Signal
{
    private volatile TaskCompletionSource _source = New();

    public void Set() => _source.TrySetResult();

    /// <summary>Waits until it is set, or so long.</summary>
    public async Task WaitAsync(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        try
        {
            // A timer cannot be armed for longer than 49 days; the loop comes round again.
            await _source.Task.WaitAsync(
                time < TimeSpan.FromDays(30) ? time : TimeSpan.FromDays(30), clock, cancellationToken);
            _source = New();
        }
        catch (TimeoutException)
        {
            // Time is up, which is the other way to wake.
        }
    }

    /// <summary>Waits until it is set.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await _source.Task.WaitAsync(cancellationToken);
        _source = New();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
