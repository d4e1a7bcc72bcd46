using MeshOrleans.Grains.Workloads;

namespace MeshOrleans.Grains.Tests.Grains;

public sealed class JoinTokenGrainTests
{
    private const string Hash = "0f0e";

    [Fact]
    public async Task Of_many_at_once_exactly_one_is_granted()
    {
        await using var silo = await TestSilo.StartAsync();
        await Token(silo).MintAsync(Grant(silo), default);

        var results = await Task.WhenAll(Enumerable.Range(0, 30).Select(
            i => Task.Run(() => Token(silo).RedeemAsync($"caller {i}", "", default))));

        Assert.Single(results.OfType<RedeemResult.Granted>());
        Assert.Equal(29, results.OfType<RedeemResult.Used>().Count());
    }

    [Fact]
    public async Task Of_two_activations_after_the_loss_of_a_silo_exactly_one_grants()
    {
        await using var silo = await TestSilo.StartAsync();
        await Token(silo).MintAsync(Grant(silo), default);
        await using var other = await TestSilo.StartAsync(silo.Stores);
        await Token(other).MintAsync(Grant(other), default); // changes nothing; both are active now

        Assert.IsType<RedeemResult.Granted>(await Token(silo).RedeemAsync("first", "", default));
        await Assert.ThrowsAnyAsync<Exception>(() => Token(other).RedeemAsync("second", "", default));
        Assert.IsType<RedeemResult.Used>(await Token(other).RedeemAsync("second", "", default));
    }

    [Fact]
    public async Task A_use_can_be_repeated_by_another_activation_until_it_is_finished()
    {
        await using var silo = await TestSilo.StartAsync();
        await Token(silo).MintAsync(Grant(silo), default);
        Assert.IsType<RedeemResult.Granted>(await Token(silo).RedeemAsync("first", "claim", default));

        await using var next = await TestSilo.StartAsync(silo.Stores); // the former was lost before it answered
        Assert.IsType<RedeemResult.Used>(await Token(next).RedeemAsync("second", "other", default));
        Assert.IsType<RedeemResult.Granted>(await Token(next).RedeemAsync("first", "claim", default));
        await Token(next).FinishAsync(default);
        Assert.IsType<RedeemResult.Granted>(await Token(next).RedeemAsync("first", "claim", default)); // the answer was lost
        next.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.IsType<RedeemResult.Used>(await Token(next).RedeemAsync("first", "claim", default));
    }

    [Fact]
    public async Task What_is_saved_of_it_may_be_removed_once_it_is_long_over_and_not_before()
    {
        await using var silo = await TestSilo.StartAsync();
        var grant = Grant(silo);
        await Token(silo).MintAsync(grant, default);
        var minted = Assert.Single(silo.Stores.State.RemovableFrom).Value;
        await Token(silo).RedeemAsync("first", "claim", default);
        await Token(silo).FinishAsync(default);

        Assert.Equal(grant.ExpiresAt.AddHours(1), minted);
        Assert.Equal(minted, Assert.Single(silo.Stores.State.RemovableFrom).Value);
    }

    [Fact]
    public async Task A_use_that_could_not_be_saved_is_not_granted()
    {
        await using var silo = await TestSilo.StartAsync();
        await Token(silo).MintAsync(Grant(silo), default);
        silo.Stores.State.BeforeWrite = _ => throw new IOException("The disk is full.");

        await Assert.ThrowsAsync<IOException>(() => Token(silo).RedeemAsync("x", "", default));

        silo.Stores.State.BeforeWrite = _ => { };
        Assert.IsType<RedeemResult.Granted>(await Token(silo).RedeemAsync("x", "", default));
    }

    [Fact]
    public async Task A_token_expires()
    {
        await using var silo = await TestSilo.StartAsync();
        await Token(silo).MintAsync(Grant(silo), default);

        silo.Clock.Advance(TimeSpan.FromHours(1));

        Assert.IsType<RedeemResult.Expired>(await Token(silo).RedeemAsync("x", "", default));
    }

    [Fact]
    public async Task Minting_the_same_again_changes_nothing_and_buys_no_second_use()
    {
        await using var silo = await TestSilo.StartAsync();
        await Token(silo).MintAsync(Grant(silo), default);
        await Token(silo).RedeemAsync("first", "", default);
        silo.Clock.Advance(TimeSpan.FromMinutes(1));

        await Token(silo).MintAsync(Grant(silo), default);

        Assert.IsType<RedeemResult.Used>(await Token(silo).RedeemAsync("second", "", default));
        Assert.Equal(2, silo.Stores.State.Writes);
    }

    [Fact]
    public async Task Minting_it_for_something_else_is_refused_and_changes_nothing()
    {
        await using var silo = await TestSilo.StartAsync();
        await Token(silo).MintAsync(Grant(silo), default);

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => Token(silo).MintAsync(Grant(silo) with { ServiceAccount = "admin" }, default));

        var granted = Assert.IsType<RedeemResult.Granted>(await Token(silo).RedeemAsync("x", "", default));
        Assert.Equal("cart", granted.Grant.ServiceAccount);
    }

    [Fact]
    public async Task A_token_nobody_minted_is_unknown()
    {
        await using var silo = await TestSilo.StartAsync();

        Assert.IsType<RedeemResult.Unknown>(await Token(silo).RedeemAsync("x", "", default));
        Assert.Equal(0, silo.Stores.State.Writes);
    }

    private static IJoinTokenGrain Token(TestSilo silo) => silo.Grain<IJoinTokenGrain>(Hash);

    private static JoinTokenGrant Grant(TestSilo silo) =>
        new("workload", "shop", "cart", "", silo.Clock.GetUtcNow().AddHours(1));
}
