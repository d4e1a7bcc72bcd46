namespace MeshOrleans.Grains.Tests.Contract;

public sealed class TurnContractTests : GrainContract
{
    [Fact]
    public async Task Calls_are_never_run_beside_one_another()
    {
        var grain = Grain<ITurnProbe>();

        var sums = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => grain.AddSlowlyAsync())).SoonAsync();

        Assert.Equal(Enumerable.Range(1, 50), sums.Order());
    }

    [Fact]
    public async Task A_call_waits_for_the_one_before_it()
    {
        var (grain, gate) = (Grain<ITurnProbe>(), Journal.NewKey());
        var first = grain.HoldAsync(gate, CancellationToken.None);
        await Gate.Of(gate).Reached.SoonAsync();

        var second = grain.AddSlowlyAsync();
        await grain.InterleaveAsync().SoonAsync();

        Assert.False(second.IsCompleted);
        Gate.Of(gate).Open();
        await first.SoonAsync();
        Assert.Equal(1, await second.SoonAsync());
    }

    [Fact]
    public async Task An_interleaving_call_does_not_wait()
    {
        var (grain, gate) = (Grain<ITurnProbe>(), Journal.NewKey());
        var held = grain.HoldAsync(gate, CancellationToken.None);
        await Gate.Of(gate).Reached.SoonAsync();

        Assert.Equal(1, await grain.InterleaveAsync().SoonAsync());

        Gate.Of(gate).Open();
        await held.SoonAsync();
    }

    [Fact]
    public async Task Read_only_calls_share_the_grain_but_writers_wait()
    {
        var (grain, gate) = (Grain<ITurnProbe>(), Journal.NewKey());
        var reader = grain.HoldReadAsync(gate);
        await Gate.Of(gate).Reached.SoonAsync();

        Assert.Equal(0, await grain.ReadAsync().SoonAsync());
        var writer = grain.AddSlowlyAsync();
        await grain.InterleaveAsync().SoonAsync();

        Assert.False(writer.IsCompleted);
        Gate.Of(gate).Open();
        await reader.SoonAsync();
        Assert.Equal(1, await writer.SoonAsync());
    }

    [Fact]
    public async Task A_reentrant_grain_takes_calls_at_every_await()
    {
        var (grain, gate) = (Grain<IReentrantProbe>(), Journal.NewKey());
        var held = grain.HoldAsync(gate);
        await Gate.Of(gate).Reached.SoonAsync();

        Assert.Equal(42, await grain.AnswerAsync().SoonAsync());

        Gate.Of(gate).Open();
        await held.SoonAsync();
    }

    [Fact]
    public async Task Value_tasks_are_answered_like_tasks()
    {
        var grain = Grain<ITurnProbe>();

        await grain.NothingAsync();

        Assert.Equal(14, await grain.DoubleAsync(7));
    }

    [Fact]
    public async Task An_exception_reaches_the_caller_and_the_grain_goes_on()
    {
        var grain = Grain<ITurnProbe>();

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => grain.FailAsync("because"));

        Assert.Equal("because", exception.Message);
        Assert.Equal(1, await grain.ActivationAsync());
    }

    [Fact]
    public async Task Cancelling_ends_the_wait_at_once_and_tells_the_grain()
    {
        var (grain, gate) = (Grain<ITurnProbe>(), Journal.NewKey());
        using var cancel = new CancellationTokenSource();
        var call = grain.HoldAsync(gate, cancel.Token);
        await Gate.Of(gate).Reached.SoonAsync();

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.SoonAsync());
        await Host.UntilAsync(() => Journal.Of(Key).Contains("cancelled"), "the grain's token is signalled");
    }

    [Fact]
    public async Task A_call_with_a_cancelled_token_is_not_made()
    {
        var (grain, gate) = (Grain<ITurnProbe>(), Journal.NewKey());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => grain.HoldAsync(gate, new CancellationToken(canceled: true)).SoonAsync());

        Assert.False(Gate.Of(gate).Reached.IsCompleted);
    }
}
