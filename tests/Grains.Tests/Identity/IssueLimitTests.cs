using MeshOrleans.Grains.Identity;

namespace MeshOrleans.Grains.Tests.Identity;

public sealed class IssueLimitTests
{
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void A_burst_is_let_through_and_after_that_one_at_a_time()
    {
        var limit = new IssueLimit(3, TimeSpan.FromSeconds(10));

        Assert.All(Enumerable.Range(0, 3), _ => Assert.Null(limit.Take("n", (0, 1), _now)));
        Assert.Equal(TimeSpan.FromSeconds(10), limit.Take("n", (0, 1), _now)!.RetryAfter);
        Assert.Equal(TimeSpan.FromSeconds(1), limit.Take("n", (0, 1), _now.AddSeconds(9))!.RetryAfter);
        Assert.Null(limit.Take("n", (0, 1), _now.AddSeconds(10)));
        Assert.NotNull(limit.Take("n", (0, 1), _now.AddSeconds(10)));
        Assert.Null(limit.Take("other", (0, 1), _now.AddSeconds(10)));
    }

    [Fact]
    public void The_first_refusal_is_known_as_such_until_the_bucket_was_full_again()
    {
        var limit = new IssueLimit(1, TimeSpan.FromSeconds(10));
        limit.Take("n", (0, 1), _now);

        Assert.True(limit.Take("n", (0, 1), _now)!.IsFirst);
        Assert.False(limit.Take("n", (0, 1), _now.AddSeconds(1))!.IsFirst);
        limit.Take("n", (0, 1), _now.AddSeconds(30));
        Assert.True(limit.Take("n", (0, 1), _now.AddSeconds(31))!.IsFirst);
    }

    [Fact]
    public void What_the_operator_asks_for_takes_nothing()
    {
        var limit = new IssueLimit(1, TimeSpan.FromSeconds(10));
        limit.Take("n", (0, 1), _now);

        for (var rotation = 1; rotation < 100; rotation++)
        {
            Assert.Null(limit.Take("n", (rotation, 1), _now)); // of certificates
            Assert.Null(limit.Take("n", (rotation, rotation + 1), _now)); // of the root
            Assert.NotNull(limit.Take("n", (rotation, rotation + 1), _now));
            limit.Take("n", (rotation, 1), _now);
        }
    }

    [Theory]
    [InlineData(24 * 3600)]
    [InlineData(60)]
    [InlineData(5)]
    public void Renewals_are_never_too_many_however_short_certificates_are(int lifetime)
    {
        var limit = IssueLimit.Of(new AuthorityOptions { DefaultLifetime = TimeSpan.FromSeconds(lifetime), IssueBurst = 1 });

        for (var i = 0; i < 1000; i++)
        {
            Assert.Null(limit.Take("n", (0, 1), _now + (i * TimeSpan.FromSeconds(lifetime) / 2)));
        }
    }

    [Fact]
    public void Without_an_interval_there_is_no_limit()
    {
        var limit = new IssueLimit(1, TimeSpan.Zero);

        Assert.All(Enumerable.Range(0, 100), _ => Assert.Null(limit.Take("n", (0, 1), _now)));
    }

    [Fact]
    public void Clocks_that_go_back_fill_nothing_and_break_nothing()
    {
        var limit = new IssueLimit(1, TimeSpan.FromSeconds(10));
        limit.Take("n", (0, 1), _now);

        Assert.NotNull(limit.Take("n", (0, 1), _now.AddHours(-1)));
        Assert.Null(limit.Take("n", (0, 1), _now.AddSeconds(10)));
    }
}
