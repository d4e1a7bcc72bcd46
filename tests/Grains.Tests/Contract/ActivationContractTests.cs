namespace MeshOrleans.Grains.Tests.Contract;

public sealed class ActivationContractTests : GrainContract
{
    [Fact]
    public async Task A_reference_does_not_activate()
    {
        var grain = Grain<ITurnProbe>();

        Assert.Equal(Key, grain.GetPrimaryKeyString());
        Assert.Empty(Journal.Of(Key));
        Assert.Equal(Key, await grain.KeyAsync());
    }

    [Fact]
    public async Task The_first_calls_activate_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Grain<ITurnProbe>().ActivationAsync()));

        Assert.All(answers, answer => Assert.Equal(1, answer));
        Assert.Equal(["activated"], Journal.Of(Key));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void A_blank_key_is_refused(string key) =>
        Assert.ThrowsAny<ArgumentException>(() => Host.Grains.GetGrain<ITurnProbe>(key));

    [Fact]
    public void References_to_one_grain_are_equal()
    {
        Assert.Equal(Grain<ITurnProbe>(), Grain<ITurnProbe>());
        Assert.NotEqual(Grain<ITurnProbe>(), Host.Grains.GetGrain<ITurnProbe>("another"));
    }

    [Fact]
    public async Task A_deactivated_grain_comes_back_with_the_next_call()
    {
        var grain = Grain<ITurnProbe>();

        await grain.DeactivateAsync();

        Assert.Equal(2, await grain.ActivationAsync().SoonAsync());
        Assert.Equal(["activated", "deactivated ApplicationRequested", "activated"], Journal.Of(Key));
    }

    [Fact]
    public async Task Calls_that_wait_while_a_grain_deactivates_go_to_the_next_activation()
    {
        var (grain, gate) = (Grain<ITurnProbe>(), Journal.NewKey());
        var held = grain.HoldAsync(gate, CancellationToken.None);
        await Gate.Of(gate).Reached.SoonAsync();
        var leaving = grain.DeactivateAsync();
        var waiting = Enumerable.Range(0, 5).Select(_ => grain.ActivationAsync()).ToArray();

        Gate.Of(gate).Open();

        await Task.WhenAll(held, leaving).SoonAsync();
        Assert.All(await Task.WhenAll(waiting).SoonAsync(), activation => Assert.Equal(2, activation));
    }

    [Fact]
    public async Task A_failed_activation_fails_the_call_and_the_next_call_tries_again()
    {
        var grain = Grain<ITurnProbe>();
        await grain.FailActivationAsync(times: 1);

        await Assert.ThrowsAnyAsync<Exception>(() => grain.ActivationAsync().SoonAsync());

        Assert.Equal(3, await grain.ActivationAsync().SoonAsync());
    }

    [Fact]
    public async Task A_shutdown_deactivates_and_says_why()
    {
        await Grain<ITurnProbe>().ActivationAsync();

        await Host.RestartAsync();

        Assert.Equal(["activated", "deactivated ShuttingDown"], Journal.Of(Key));
    }
}
