using Orleans.Timers;

namespace Orleans;

/// <summary>Reminders of a grain: they are saved, and wake the grain when it is not active.</summary>
public static class GrainReminderExtensions
{
    /// <param name="grain">The grain itself; it implements <see cref="IRemindable"/>.</param>
    /// <param name="reminderName">Unique within the grain.</param>
    /// <param name="dueTime">Time to the first tick.</param>
    /// <param name="period">At least one minute.</param>
    /// <param name="cancellationToken">Ends the attempt before it has begun; what has begun is carried through.</param>
    public static Task<IGrainReminder> RegisterOrUpdateReminder(
        this Grain grain,
        string reminderName,
        TimeSpan dueTime,
        TimeSpan period,
        CancellationToken cancellationToken = default) =>
        ((IGrainBase)grain).RegisterOrUpdateReminder(reminderName, dueTime, period, cancellationToken);

    public static Task<IGrainReminder> RegisterOrUpdateReminder(
        this IGrainBase grain,
        string reminderName,
        TimeSpan dueTime,
        TimeSpan period,
        CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (grain is not IRemindable) throw new InvalidOperationException($"{grain.GetType()} is not an IRemindable.");
        return Registry(grain).RegisterOrUpdateReminder(grain.GrainContext.GrainId, reminderName, dueTime, period);
    }

    public static Task UnregisterReminder(this Grain grain, IGrainReminder reminder) =>
        ((IGrainBase)grain).UnregisterReminder(reminder);

    public static Task UnregisterReminder(this IGrainBase grain, IGrainReminder reminder) =>
        Registry(grain).UnregisterReminder(grain.GrainContext.GrainId, reminder);

    public static Task<IGrainReminder?> GetReminder(this Grain grain, string reminderName) =>
        ((IGrainBase)grain).GetReminder(reminderName);

    public static Task<IGrainReminder?> GetReminder(this IGrainBase grain, string reminderName) =>
        Registry(grain).GetReminder(grain.GrainContext.GrainId, reminderName);

    public static Task<List<IGrainReminder>> GetReminders(this Grain grain) => ((IGrainBase)grain).GetReminders();

    public static Task<List<IGrainReminder>> GetReminders(this IGrainBase grain) =>
        Registry(grain).GetReminders(grain.GrainContext.GrainId);

    private static IReminderRegistry Registry(IGrainBase grain) => grain.GrainContext.Require<IReminderRegistry>();
}
