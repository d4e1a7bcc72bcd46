using MeshOrleans.Grains.Embedded;

namespace MeshOrleans.Grains.Tests.Embedded;

public sealed class ReminderScheduleTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(-90, 0)]
    [InlineData(0, 0)]
    [InlineData(1, 60)]
    [InlineData(60, 60)]
    [InlineData(61, 120)]
    [InlineData(6000.5, 6060)]
    public void Ticks_stay_on_the_grid_of_the_first_one(double fromSeconds, double nextSeconds)
    {
        var reminder = new StoredReminder(new ReminderKey("type", "key", "name"), s_start, TimeSpan.FromMinutes(1));

        var next = ReminderSchedule.Next(reminder, s_start.AddSeconds(fromSeconds));

        Assert.Equal(s_start.AddSeconds(nextSeconds), next);
    }
}
