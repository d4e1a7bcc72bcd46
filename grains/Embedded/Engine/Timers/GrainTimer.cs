using Microsoft.Extensions.Logging;

namespace MeshOrleans.Grains.Embedded;

/// <summary>
/// A timer of one activation. The next tick is counted from the end of the one before, so ticks never pile up.
/// </summary>
internal sealed partial class GrainTimer : IGrainTimer
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly Lock _gate = new();
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly GrainTimerCreationOptions _options;
    private readonly CancellationTokenSource _ended = new();
    private readonly ITimer _timer;
    private TimeSpan _dueTime;
    private TimeSpan _period;
    private bool _ticking;
    private bool _changed;

    public GrainTimer(
        Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        _activation = activation;
        _callback = callback;
        _options = options;
        Check(options.DueTime, options.Period);
        _timer = CreateTimer();
        if (activation.TryAdd(this)) Change(options.DueTime, options.Period);
        else Dispose();
    }

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Check(dueTime, period);
        lock (_gate)
        {
            (_dueTime, _period, _changed) = (dueTime, period, true);
            if (!_ticking) _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _activation.Remove(this);
        _activation.Post(_ended.Cancel);
    }

    private static void Check(TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime != Timeout.InfiniteTimeSpan) ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, TimeSpan.Zero);
        if (period != Timeout.InfiniteTimeSpan) ArgumentOutOfRangeException.ThrowIfLessThan(period, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dueTime, s_longest);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(period, s_longest);
    }

    private ITimer CreateTimer()
    {
        // It outlives the call that made it and must not keep that call's context.
        using var flow = ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow();
        return _activation.Catalog.Clock.CreateTimer(
            static timer => ((GrainTimer)timer!).OnDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private void OnDue()
    {
        lock (_gate)
        {
            if (_ticking || _ended.IsCancellationRequested) return;
            (_ticking, _changed) = (true, false);
        }

        var tick = new Tick(this) { Interleaves = _options.Interleave || _activation.Class.Reentrant };
        _activation.TryAdd(tick);
    }

    private async Task TickAsync()
    {
        if (_ended.IsCancellationRequested) return;
        try
        {
            await _callback(_ended.Token);
        }
        catch (Exception exception)
        {
            LogTickFailed(_activation.Catalog.Logger, exception, _activation.GrainId);
        }

        lock (_gate)
        {
            _ticking = false;
            _timer.Change(_changed ? _dueTime : _period, Timeout.InfiniteTimeSpan);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A timer of grain {Grain} failed; it goes on with the next tick.")]
    private static partial void LogTickFailed(ILogger logger, Exception exception, GrainId grain);

    private sealed class Tick(GrainTimer timer) : Turn
    {
        public override bool KeepsAlive => timer._options.KeepAlive;

        public override bool Forwardable => false;

        public override void Reject(Exception exception)
        {
            // The timer ends with its activation.
        }

        protected override Task RunAsync(Activation activation) => timer.TickAsync();
    }
}
