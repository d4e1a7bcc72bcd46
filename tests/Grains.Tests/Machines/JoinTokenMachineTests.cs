using MeshOrleans.Grains.Workloads;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class JoinTokenMachineTests
{
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly JoinTokenGrant _grant = new("workload", "shop", "cart", "", _now.AddHours(1));
    private static readonly JoinTokenState _minted = new() { Grant = _grant };

    [Fact]
    public void A_good_token_is_granted_and_its_use_is_to_be_saved()
    {
        var (next, result) = JoinTokenMachine.Redeem(_minted, "10.0.0.7", "", _now);

        Assert.Equal(new RedeemResult.Granted(_grant), result);
        Assert.Equal((_now, "10.0.0.7"), (next.UsedAt, next.UsedBy));
    }

    [Fact]
    public void A_used_token_says_when_it_was_used_even_after_it_expired()
    {
        var (used, _) = JoinTokenMachine.Redeem(_minted, "first", "", _now);

        var (next, result) = JoinTokenMachine.Redeem(used, "second", "", _now.AddHours(2));

        Assert.Same(used, next);
        Assert.Equal(new RedeemResult.Used(_now), result);
    }

    [Fact]
    public void A_token_is_refused_from_the_moment_it_expires()
    {
        Assert.IsType<RedeemResult.Granted>(JoinTokenMachine.Redeem(_minted, "x", "", _grant.ExpiresAt.AddTicks(-1)).Result);

        var (next, result) = JoinTokenMachine.Redeem(_minted, "x", "", _grant.ExpiresAt);

        Assert.Same(_minted, next);
        Assert.Equal(new RedeemResult.Expired(_grant.ExpiresAt), result);
    }

    [Fact]
    public void Only_the_same_claim_is_a_repetition_and_none_without_one()
    {
        var (used, _) = JoinTokenMachine.Redeem(_minted, "x", "claim", _now);

        Assert.Equal((used, new RedeemResult.Granted(_grant)), JoinTokenMachine.Redeem(used, "y", "claim", _now.AddMinutes(1)));
        Assert.IsType<RedeemResult.Used>(JoinTokenMachine.Redeem(used, "x", "other", _now).Result);
        Assert.IsType<RedeemResult.Used>(JoinTokenMachine.Redeem(used, "x", "", _now).Result);
        Assert.IsType<RedeemResult.Expired>(JoinTokenMachine.Redeem(used, "x", "claim", _grant.ExpiresAt).Result);
        var (anonymous, _) = JoinTokenMachine.Redeem(_minted, "x", "", _now);
        Assert.IsType<RedeemResult.Used>(JoinTokenMachine.Redeem(anonymous, "x", "", _now).Result);
    }

    [Fact]
    public void An_answer_that_was_lost_can_be_asked_for_again_for_five_minutes_after_the_use_is_finished()
    {
        var (used, _) = JoinTokenMachine.Redeem(_minted, "x", "claim", _now);
        var finished = JoinTokenMachine.Finish(used, _now.AddSeconds(1));

        Assert.Equal(
            (finished, new RedeemResult.Granted(_grant)),
            JoinTokenMachine.Redeem(finished, "y", "claim", _now.AddMinutes(5)));
        Assert.Same(finished, JoinTokenMachine.Finish(finished, _now.AddMinutes(4))); // which makes it no longer
        Assert.IsType<RedeemResult.Used>(JoinTokenMachine.Redeem(finished, "x", "claim", _now.AddSeconds(301)).Result);
        Assert.IsType<RedeemResult.Used>(JoinTokenMachine.Redeem(finished, "x", "other", _now.AddSeconds(2)).Result);
    }

    [Fact]
    public void A_token_that_was_never_minted_is_unknown() =>
        Assert.Equal(new RedeemResult.Unknown(), JoinTokenMachine.Redeem(new JoinTokenState(), "x", "", _now).Result);
}
