using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Xds.Gateway.Status;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>A raise and the loop of a stream meet: what is told must be true of both.</summary>
public sealed class StandingTypesTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    [Fact]
    public void In_step_it_is_raised_and_a_loop_that_looked_at_an_older_picture_does_not_take_it_back()
    {
        var raised = StandingTypes.None.With([Synced("cds", "v1", 1), Synced("eds", "e1", 1)], 10, Now).Raised(1, 2, 11)!;

        var late = raised.With([Synced("cds", "v1", 1), Synced("eds", "e1", 1)], 10, Now);

        Assert.True(raised.Types == late.Types, "the very same array");
        Assert.All(late.Types, t => Assert.Equal(2, t.Revision));
        Assert.Equal(1, late.With([Synced("cds", "v1", 1)], 12, Now).Find("cds")!.Revision); // a store that began anew
    }

    [Fact]
    public void Another_content_counts_as_the_loop_has_it()
    {
        var raised = StandingTypes.None.With([Synced("cds", "v1", 1)], 10, Now).Raised(1, 2, 11)!;

        Assert.Equal(1, raised.With([Synced("cds", "v0", 1)], 10, Now).Find("cds")!.Revision);
    }

    [Fact]
    public void While_something_waits_or_differs_nothing_is_raised()
    {
        var pending = Synced("eds", "e1", 1) with { State = SubscriptionState.Pending, Revision = null };

        Assert.Null(StandingTypes.None.Raised(0, 2, 11));
        Assert.Null(StandingTypes.None.With([Synced("cds", "v1", 1), pending], 10, Now).Raised(1, 2, 11));
        Assert.Null(StandingTypes.None.With([Synced("cds", "v1", 0), pending], 10, Now).Raised(0, 2, 11));
        Assert.Null(StandingTypes.None.With([Synced("cds", "v1", 1), Synced("eds", "e1", 3)], 10, Now).Raised(1, 2, 11));
    }

    [Fact]
    public void A_refused_type_stays_where_it_is()
    {
        var refused = Synced("rds", "r0", 0) with { State = SubscriptionState.Nacked, Revision = null, NackMessage = "no" };

        var raised = StandingTypes.None.With([Synced("cds", "v1", 1), refused], 10, Now).Raised(1, 2, 11)!;

        Assert.Equal((2, 0), (raised.Find("cds")!.Revision, raised.Find("rds")!.Revision));
    }

    [Fact]
    public void A_type_that_is_no_longer_subscribed_is_gone()
    {
        var standing = StandingTypes.None.With([Synced("cds", "v1", 1), Synced("rds", "r1", 1)], 10, Now);

        Assert.Equal("cds", Assert.Single(standing.With([Synced("cds", "v1", 1)], 11, Now).Types).TypeUrl);
    }

    private static StreamReport Synced(string type, string version, long revision) =>
        new(type, SubscriptionState.Synced, version, version, revision, "");
}
