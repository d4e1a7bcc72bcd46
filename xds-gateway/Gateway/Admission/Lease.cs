namespace MeshOrleans.Xds.Gateway.Admission;

/// <summary>Something that is given back: when it is disposed, or after a time at the latest, but once.</summary>
internal sealed class Lease : IDisposable
{
    private readonly ITimer? _timer;
    private Action? _giveBack;

    public Lease(Action giveBack) => _giveBack = giveBack;

    public Lease(Action giveBack, TimeSpan limit, TimeProvider clock)
    {
        _giveBack = giveBack;
        _timer = clock.CreateTimer(static lease => ((Lease)lease!).End(), this, limit, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        _timer?.Dispose();
        End();
    }

    private void End() => Interlocked.Exchange(ref _giveBack, null)?.Invoke();
}
