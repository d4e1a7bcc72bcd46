namespace MeshOrleans.Grains.Tests.Contract;

/// <summary>A grain with timers and reminders.</summary>
public interface ITimerProbe : IGrainWithStringKey, IRemindable
{
    Task StartAsync(TimeSpan dueTime, TimeSpan period);

    /// <summary>A timer whose every tick fails after it was counted.</summary>
    Task StartFailingAsync(TimeSpan period);

    /// <summary>A timer that takes its state and its token, and is given as options.</summary>
    Task StartWithStateAsync(string state, TimeSpan period);

    Task ChangeAsync(TimeSpan dueTime, TimeSpan period);

    Task StopAsync();

    Task<int> TicksAsync();

    Task HoldAsync(string gate);

    Task RemindAsync(string name, TimeSpan dueTime, TimeSpan period);

    Task<bool> ForgetAsync(string name);

    Task<string[]> RemindersAsync();

    Task DeactivateAsync();
}

internal sealed class TimerProbe : Grain, ITimerProbe
{
    private IGrainTimer? _timer;
    private bool _busy;
    private int _ticks;

    private string Key => this.GetPrimaryKeyString();

    public Task StartAsync(TimeSpan dueTime, TimeSpan period)
    {
        _timer = this.RegisterGrainTimer(TickAsync, dueTime, period);
        return Task.CompletedTask;
    }

    public Task StartFailingAsync(TimeSpan period)
    {
        _timer = this.RegisterGrainTimer(
            () =>
            {
                _ticks++;
                throw new InvalidOperationException("a bad tick");
            },
            period,
            period);
        return Task.CompletedTask;
    }

    public Task StartWithStateAsync(string state, TimeSpan period)
    {
        _timer = this.RegisterGrainTimer(
            static (probe, token) =>
            {
                Journal.Note(probe.Key, $"{probe.state} {token.IsCancellationRequested}");
                return Task.CompletedTask;
            },
            (Key, state),
            new GrainTimerCreationOptions(period, period) { KeepAlive = true, Interleave = true });
        return Task.CompletedTask;
    }

    public Task ChangeAsync(TimeSpan dueTime, TimeSpan period)
    {
        _timer!.Change(dueTime, period);
        return Task.CompletedTask;
    }

    public Task StopAsync()
    {
        _timer!.Dispose();
        return Task.CompletedTask;
    }

    public Task<int> TicksAsync() => Task.FromResult(_ticks);

    public async Task HoldAsync(string gate)
    {
        _busy = true;
        await Gate.Of(gate).PassAsync();
        _busy = false;
    }

    public async Task RemindAsync(string name, TimeSpan dueTime, TimeSpan period) =>
        await this.RegisterOrUpdateReminder(name, dueTime, period);

    public async Task<bool> ForgetAsync(string name)
    {
        if (await this.GetReminder(name) is not { } reminder) return false;
        await this.UnregisterReminder(reminder);
        return true;
    }

    public async Task<string[]> RemindersAsync() =>
        [.. (await this.GetReminders()).Select(r => r.ReminderName).Order()];

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        Journal.Note(Key, $"reminder {reminderName}");
        return Task.CompletedTask;
    }

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    private Task TickAsync()
    {
        if (_busy) Journal.Note(Key, "tick beside a call");
        _ticks++;
        Journal.Note(Key, "tick");
        return Task.CompletedTask;
    }
}
