using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Limits;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class TokenBucketTests
{
    [Fact]
    public void Of_many_at_once_exactly_as_many_get_a_token_as_there_are()
    {
        var bucket = new TokenBucket(ticksPerToken: 10, capacity: 1000);
        var taken = 0;

        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 500; i++)
            {
                if (bucket.TryTake(now: 0).IsAllowed) Interlocked.Increment(ref taken);
            }
        });

        Assert.Equal(1000, taken);
    }

    [Fact]
    public void Keys_beyond_the_bound_share_one_bucket_until_others_are_full_again()
    {
        var buckets = new RuleBuckets(Rule, ticksPerSecond: 1000);
        for (var i = 0; i < RuleBuckets.MaxKeys; i++) buckets.Of($"{i}", now: 0).TryTake(0);

        var (one, other) = (buckets.Of("one more", now: 0), buckets.Of("and another", now: 0));
        var known = buckets.Of("7", now: 0);
        var later = (buckets.Of("one more", now: 5000), buckets.Of("and another", now: 5000));

        Assert.Same(one, other);
        Assert.NotSame(one, known);
        Assert.NotSame(later.Item1, later.Item2);
    }

    private static RateLimitRuleModel Rule { get; } = new(
        new AuthorizationPolicyModel("r", new RequestRule.Always(), new RequestRule.Always()),
        Requests: 1,
        TimeSpan.FromSeconds(1),
        Burst: 1,
        [new RateLimitKeyModel(RateLimitKeySource.Path)]);
}
