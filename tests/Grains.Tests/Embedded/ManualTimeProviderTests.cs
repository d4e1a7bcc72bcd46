using MeshOrleans.Testing;

namespace MeshOrleans.Grains.Tests.Embedded;

public sealed class ManualTimeProviderTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Timers_fire_in_the_order_they_are_due_and_see_that_time()
    {
        List<(string, TimeSpan)> fired = [];
        var start = _clock.GetUtcNow();
        using var late = _clock.CreateTimer(_ => Note("late"), null, Seconds(3), Timeout.InfiniteTimeSpan);
        using var early = _clock.CreateTimer(_ => Note("early"), null, Seconds(1), Seconds(1));

        _clock.Advance(Seconds(3));

        Assert.Equal(
            [("early", Seconds(1)), ("early", Seconds(2)), ("late", Seconds(3)), ("early", Seconds(3))],
            fired);

        void Note(string name) => fired.Add((name, _clock.GetUtcNow() - start));
    }

    [Fact]
    public void A_disposed_timer_does_not_fire()
    {
        var fired = 0;
        var timer = _clock.CreateTimer(_ => fired++, null, Seconds(1), Timeout.InfiniteTimeSpan);

        timer.Dispose();
        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(0, fired);
        Assert.Equal(0, _clock.PendingTimers);
    }

    [Fact]
    public async Task A_delay_ends_when_its_time_has_come()
    {
        var delay = Task.Delay(Seconds(5), _clock);

        _clock.Advance(Seconds(4));
        Assert.False(delay.IsCompleted);

        _clock.Advance(Seconds(1));
        await delay;
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
