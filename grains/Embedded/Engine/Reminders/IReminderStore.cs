using System.Collections.Immutable;

namespace MeshOrleans.Grains.Embedded;

/// <summary>Where reminders are kept. What was saved or removed stays so when it answers.</summary>
public interface IReminderStore
{
    /// <summary>Every reminder.</summary>
    Task<ImmutableArray<StoredReminder>> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Adds a reminder, or replaces the one of the same grain and name.</summary>
    Task SaveAsync(StoredReminder reminder, CancellationToken cancellationToken);

    /// <summary>Removes a reminder; nothing happens when there is none.</summary>
    Task RemoveAsync(ReminderKey key, CancellationToken cancellationToken);
}

/// <summary>Names one reminder.</summary>
/// <param name="GrainType">The grain's type.</param>
/// <param name="GrainKey">The grain's key.</param>
/// <param name="Name">Its name within the grain.</param>
public sealed record ReminderKey(string GrainType, string GrainKey, string Name);

/// <summary>A reminder.</summary>
/// <param name="Key">Whose, and which.</param>
/// <param name="StartAt">
/// The first tick; the later ones follow from it, whenever the process was down in between.
/// </param>
/// <param name="Period">From tick to tick.</param>
public sealed record StoredReminder(ReminderKey Key, DateTimeOffset StartAt, TimeSpan Period);
