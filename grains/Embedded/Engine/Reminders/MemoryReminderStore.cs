using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace MeshOrleans.Grains.Embedded;

/// <summary>Keeps reminders as long as the process lives. For tests and trials.</summary>
public sealed class MemoryReminderStore : IReminderStore
{
    private readonly ConcurrentDictionary<ReminderKey, StoredReminder> _reminders = new();

    public Task<ImmutableArray<StoredReminder>> LoadAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<StoredReminder>>([.. _reminders.Values]);

    public Task SaveAsync(StoredReminder reminder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reminder);
        _reminders[reminder.Key] = reminder;
        return Task.CompletedTask;
    }

    public Task RemoveAsync(ReminderKey key, CancellationToken cancellationToken)
    {
        _reminders.TryRemove(key, out _);
        return Task.CompletedTask;
    }
}
