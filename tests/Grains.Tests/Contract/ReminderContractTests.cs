namespace MeshOrleans.Grains.Tests.Contract;

public sealed class ReminderContractTests : GrainContract
{
    private ITimerProbe Probe => Grain<ITimerProbe>();

    private TimeSpan Period => Host.ReminderPeriod;

    [Fact]
    public async Task A_reminder_ticks_again_and_again()
    {
        await Probe.RemindAsync("r", Period, Period);

        await Host.UntilAsync(() => Ticks("r") >= 2, "two ticks", Period / 10);
    }

    [Fact]
    public async Task A_reminder_wakes_a_grain_after_a_restart()
    {
        await Probe.RemindAsync("r", Period, Period);

        await Host.RestartAsync();

        await Host.UntilAsync(() => Ticks("r") >= 1, "a tick after the restart", Period / 10);
        Assert.Equal(["r"], await Probe.RemindersAsync());
    }

    [Fact]
    public async Task A_reminder_that_was_unregistered_ticks_no_more()
    {
        await Probe.RemindAsync("r", Period, Period);

        Assert.True(await Probe.ForgetAsync("r"));

        Assert.False(await Probe.ForgetAsync("r"));
        for (var i = 0; i < 30; i++) await Host.PassAsync(Period / 10);
        Assert.Equal(0, Ticks("r"));
    }

    [Fact]
    public async Task A_grain_may_have_several_reminders()
    {
        await Probe.RemindAsync("b", Period, Period);
        await Probe.RemindAsync("a", Period, Period);
        await Probe.RemindAsync("a", Period * 2, Period);

        Assert.Equal(["a", "b"], await Probe.RemindersAsync());
        Assert.Empty(await Host.Grains.GetGrain<ITimerProbe>(Journal.NewKey()).RemindersAsync());
    }

    [Fact]
    public async Task A_reminder_outlives_its_activation()
    {
        await Probe.RemindAsync("r", Period, Period);

        await Probe.DeactivateAsync();

        await Host.UntilAsync(() => Ticks("r") >= 1, "a tick of a grain that is not active", Period / 10);
    }

    [Fact]
    public async Task A_period_that_is_too_short_is_refused() =>
        await Assert.ThrowsAnyAsync<ArgumentException>(
            () => Probe.RemindAsync("r", Period, Period - TimeSpan.FromMilliseconds(1)));

    private int Ticks(string name) => Journal.Of(Key).Count(e => e == $"reminder {name}");
}
