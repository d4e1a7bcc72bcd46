namespace MeshOrleans.Grains.Embedded;

/// <summary>Waits for the ticks of one reminder and delivers them, one after another, until it is disposed.</summary>
internal sealed class ReminderAlarm : IDisposable
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(1); // timers cannot wait for months

    private readonly StoredReminder _reminder;
    private readonly TimeProvider _clock;
    private readonly Func<StoredReminder, TickStatus, Task> _deliver;
    private readonly ITimer _timer;
    private DateTimeOffset _due;

    public ReminderAlarm(StoredReminder reminder, TimeProvider clock, Func<StoredReminder, TickStatus, Task> deliver)
    {
        _reminder = reminder;
        _clock = clock;
        _deliver = deliver;
        _due = ReminderSchedule.Next(reminder, clock.GetUtcNow());
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            _timer = clock.CreateTimer(
                static alarm => ((ReminderAlarm)alarm!).OnTimer(),
                this,
                Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan);
        }

        Arm();
    }

    public StoredReminder Reminder => _reminder;

    public void Dispose() => _timer.Dispose();

    private void Arm()
    {
        var wait = _due - _clock.GetUtcNow();
        if (wait < TimeSpan.Zero) wait = TimeSpan.Zero;
        _timer.Change(wait < s_longestWait ? wait : s_longestWait, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        if (_clock.GetUtcNow() < _due) Arm();
        else _ = TickAsync();
    }

    private async Task TickAsync()
    {
        await _deliver(
            _reminder, new TickStatus(_reminder.StartAt.UtcDateTime, _reminder.Period, _clock.GetUtcNow().UtcDateTime));
        _due = ReminderSchedule.Next(_reminder, Later(_clock.GetUtcNow(), _due + TimeSpan.FromTicks(1)));
        Arm();
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
