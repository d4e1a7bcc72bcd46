namespace MeshOrleans.Grains.Tests.Contract;

public sealed class TimerContractTests : GrainContract
{
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_never = Timeout.InfiniteTimeSpan;

    private ITimerProbe Probe => Grain<ITimerProbe>();

    [Fact]
    public async Task A_timer_ticks_again_and_again()
    {
        await Probe.StartAsync(s_period, s_period);

        await Host.UntilAsync(async () => await Probe.TicksAsync() >= 3, "three ticks");
    }

    [Fact]
    public async Task A_timer_without_period_ticks_once()
    {
        await Probe.StartAsync(s_period, s_never);
        await Host.UntilAsync(async () => await Probe.TicksAsync() == 1, "one tick");

        for (var i = 0; i < 10; i++) await Host.PassAsync(s_period / 2);

        Assert.Equal(1, await Probe.TicksAsync());
    }

    [Fact]
    public async Task A_tick_waits_for_the_call_that_runs()
    {
        var gate = Journal.NewKey();
        await Probe.StartAsync(s_period, s_never);
        var call = Probe.HoldAsync(gate);
        await Gate.Of(gate).Reached.SoonAsync();

        for (var i = 0; i < 6; i++) await Host.PassAsync(s_period / 2);

        Assert.Empty(Journal.Of(Key));
        Gate.Of(gate).Open();
        await call.SoonAsync();
        await Host.UntilAsync(async () => await Probe.TicksAsync() == 1, "the tick after the call");
        Assert.Equal(["tick"], Journal.Of(Key));
    }

    [Fact]
    public async Task A_failing_tick_does_not_end_the_timer()
    {
        await Probe.StartFailingAsync(s_period);

        await Host.UntilAsync(async () => await Probe.TicksAsync() >= 2, "a second tick after a bad one");
    }

    [Fact]
    public async Task A_timer_hands_over_its_state_and_a_token()
    {
        await Probe.StartWithStateAsync("given", s_period);

        await Host.UntilAsync(() => Journal.Of(Key).Contains("given False"), "a tick with its state");
    }

    [Fact]
    public async Task A_disposed_timer_ticks_no_more()
    {
        await Probe.StartAsync(s_period, s_period);
        await Host.UntilAsync(async () => await Probe.TicksAsync() >= 1, "a tick");

        await Probe.StopAsync();
        var ticks = await Probe.TicksAsync();
        for (var i = 0; i < 10; i++) await Host.PassAsync(s_period / 2);

        Assert.Equal(ticks, await Probe.TicksAsync());
    }

    [Fact]
    public async Task A_timer_can_be_set_anew()
    {
        await Probe.StartAsync(s_never, s_never);
        await Host.PassAsync(s_period);
        Assert.Equal(0, await Probe.TicksAsync());

        await Probe.ChangeAsync(s_period, s_period);

        await Host.UntilAsync(async () => await Probe.TicksAsync() >= 2, "ticks after the change");
    }

    [Fact]
    public async Task A_timer_ends_with_its_activation()
    {
        await Probe.StartAsync(s_period, s_period);
        await Probe.DeactivateAsync();
        Assert.Equal(0, await Probe.TicksAsync());
        var ticks = Journal.Of(Key).Length;

        for (var i = 0; i < 10; i++) await Host.PassAsync(s_period / 2);

        Assert.Equal(0, await Probe.TicksAsync());
        Assert.Equal(ticks, Journal.Of(Key).Length);
    }
}
