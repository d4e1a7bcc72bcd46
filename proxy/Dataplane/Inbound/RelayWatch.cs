using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>
/// Ends a relayed connection when its time is over: nothing has moved on it for too long, or it is too old. One timer for each,
/// which bytes do not touch: when it rings it looks how long ago the last of them was.
/// </summary>
internal sealed class RelayWatch : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30); // of what a timer takes; it is set again then

    // timers count in milliseconds, and one that rings early would ring again and again
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly RelayModel _relay;
    private readonly RelayCount _count;
    private readonly TimeProvider _clock;
    private readonly Action<string> _end;
    private readonly long _begin;
    private readonly ITimer? _timer;

    /// <param name="relay">How long it may last.</param>
    /// <param name="count">Knows when bytes have moved.</param>
    /// <param name="clock">The time.</param>
    /// <param name="end">Ends the connection; told why in one of Envoy's words. Called once at most.</param>
    public RelayWatch(RelayModel relay, RelayCount count, TimeProvider clock, Action<string> end)
    {
        (_relay, _count, _clock, _end, _begin) = (relay, count, clock, end, clock.GetTimestamp());
        if (relay is { IdleTimeout: null, MaxDuration: null }) return;
        _timer = clock.CreateTimer(
            static watch => ((RelayWatch)watch!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Look();
    }

    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        var idle = _relay.IdleTimeout - _clock.GetElapsedTime(Math.Max(_begin, _count.LastAt));
        var age = _relay.MaxDuration - _clock.GetElapsedTime(_begin);
        if (age <= TimeSpan.Zero) _end("max_connection_duration");
        else if (idle <= TimeSpan.Zero) _end("idle_timeout");
        else Wait(Earlier(Earlier(idle, age), Longest)!.Value);
    }

    private void Wait(TimeSpan time) => _timer!.Change(time < Tick ? Tick : time, Timeout.InfiniteTimeSpan);

    private static TimeSpan? Earlier(TimeSpan? one, TimeSpan? other) =>
        one is null || other < one ? other ?? one : one;
}
