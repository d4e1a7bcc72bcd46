using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orleans.Timers;

namespace MeshOrleans.Grains.Embedded;

/// <summary>Keeps every saved reminder waiting for its tick.</summary>
internal sealed partial class ReminderService(
    IReminderStore store,
    GrainFactory grains,
    EmbeddedGrainOptions options,
    TimeProvider clock,
    ILogger<ReminderService> logger) : IReminderRegistry, IDisposable
{
    private readonly ConcurrentDictionary<ReminderKey, ReminderAlarm> _alarms = new();
    private volatile bool _running;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _running = true;
        foreach (var reminder in await store.LoadAsync(cancellationToken)) Set(reminder);
    }

    public void Stop()
    {
        _running = false;
        foreach (var key in _alarms.Keys) Forget(key);
    }

    public void Dispose() => Stop();

    public async Task<IGrainReminder> RegisterOrUpdateReminder(
        GrainId callingGrainId, string reminderName, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentException.ThrowIfNullOrEmpty(reminderName);
        if (period < options.MinimumReminderPeriod)
        {
            throw new ArgumentException(
                $"The period of reminder '{reminderName}' is {period}; "
                + $"the shortest is {options.MinimumReminderPeriod}.",
                nameof(period));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, TimeSpan.Zero);
        var reminder = new StoredReminder(KeyOf(callingGrainId, reminderName), clock.GetUtcNow() + dueTime, period);
        await store.SaveAsync(reminder, CancellationToken.None);
        Set(reminder);
        return new GrainReminder(reminder.Key);
    }

    public async Task UnregisterReminder(GrainId callingGrainId, IGrainReminder reminder)
    {
        if (reminder is not GrainReminder { Key: var key })
            throw new ReminderException($"'{reminder?.ReminderName}' is not a reminder of this runtime.");
        await store.RemoveAsync(key, CancellationToken.None);
        Forget(key);
    }

    public Task<IGrainReminder?> GetReminder(GrainId callingGrainId, string reminderName)
    {
        var key = KeyOf(callingGrainId, reminderName);
        return Task.FromResult<IGrainReminder?>(_alarms.ContainsKey(key) ? new GrainReminder(key) : null);
    }

    public Task<List<IGrainReminder>> GetReminders(GrainId callingGrainId) => Task.FromResult<List<IGrainReminder>>(
        [.. _alarms.Keys.Where(k => KeyOf(callingGrainId, k.Name) == k).Select(k => new GrainReminder(k))]);

    private static ReminderKey KeyOf(GrainId grain, string name) =>
        new(grain.Type.ToString(), grain.Key.ToString(), name);

    private void Set(StoredReminder reminder)
    {
        var alarm = new ReminderAlarm(reminder, clock, DeliverAsync);
        _alarms.AddOrUpdate(reminder.Key, alarm, (_, before) =>
        {
            before.Dispose();
            return alarm;
        });
        if (!_running) Forget(reminder.Key);
    }

    private void Forget(ReminderKey key)
    {
        if (_alarms.TryRemove(key, out var alarm)) alarm.Dispose();
    }

    private async Task DeliverAsync(StoredReminder reminder, TickStatus status)
    {
        var key = reminder.Key;
        try
        {
            if (grains.FindRemindable(GrainId.Create(key.GrainType, key.GrainKey)) is { } grain)
                await grain.ReceiveReminder(key.Name, status);
            else
                LogNobody(key);
        }
        catch (Exception exception) when (_running)
        {
            LogTickFailed(exception, key);
        }
        catch (Exception)
        {
            // On the way down; the reminder is saved and ticks again after the restart.
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Reminder {Reminder} failed; it ticks again in its next period.")]
    private partial void LogTickFailed(Exception exception, ReminderKey reminder);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "No grain class can receive reminder {Reminder}; it stays saved.")]
    private partial void LogNobody(ReminderKey reminder);
}
