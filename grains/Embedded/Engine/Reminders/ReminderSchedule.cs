namespace MeshOrleans.Grains.Embedded;

/// <summary>When a reminder ticks: at its start and every period after it, on that grid for ever.</summary>
internal static class ReminderSchedule
{
    /// <summary>
    /// The first tick at or after a point in time. What was missed while nobody ran is not made up for.
    /// </summary>
    public static DateTimeOffset Next(StoredReminder reminder, DateTimeOffset from)
    {
        if (from <= reminder.StartAt) return reminder.StartAt;
        var sinceTick = TimeSpan.FromTicks((from - reminder.StartAt).Ticks % reminder.Period.Ticks);
        return sinceTick == TimeSpan.Zero ? from : from - sinceTick + reminder.Period;
    }
}
