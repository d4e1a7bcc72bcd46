using System.Collections.Concurrent;
using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Http;

namespace MeshOrleans.Proxy.Dataplane.Limits;

/// <summary>
/// Counts requests against the limits of the workload. Counts outlive the models that name the limits.
/// </summary>
internal sealed class RateLimiter(TimeProvider clock)
{
    private static readonly TimeSpan Forgotten = TimeSpan.FromDays(1); // no interval is longer

    private readonly ConcurrentDictionary<string, RuleBuckets> _rules = new(StringComparer.Ordinal);

    /// <summary>Counts a request against every limit that applies to it, until one refuses.</summary>
    public RateLimitVerdict Admit(ImmutableArray<RateLimitRuleModel> rules, in HttpRequestView view)
    {
        var now = clock.GetTimestamp();
        var verdict = default(RateLimitVerdict);
        foreach (var rule in rules)
        {
            if (!rule.AppliesTo(in view)) continue;
            var buckets = BucketsOf(rule, now);
            buckets.UsedAt = now;
            var answer = buckets.Of(rule.KeyOf(in view), now).TryTake(now);
            if (rule.IsDryRun)
            {
                if (!answer.IsAllowed) verdict = verdict with { WouldRefuse = rule };
                continue;
            }

            if (verdict.Rule is not null && answer.IsAllowed && answer.Remaining >= verdict.Remaining) continue;
            verdict = verdict with
            {
                Rule = rule,
                IsRefused = !answer.IsAllowed,
                Remaining = answer.Remaining,
                ResetSeconds = Seconds(answer.UntilFull),
                RetryAfterSeconds = Math.Max(1, Seconds(answer.UntilNext)),
            };
            if (verdict.IsRefused) break;
        }

        return verdict;
    }

    private long Seconds(long ticks) => (ticks + clock.TimestampFrequency - 1) / clock.TimestampFrequency;

    private RuleBuckets BucketsOf(RateLimitRuleModel rule, long now)
    {
        if (_rules.TryGetValue(rule.Id, out var known)) return known;
        foreach (var (id, buckets) in _rules)
        {
            if (clock.GetElapsedTime(buckets.UsedAt, now) > Forgotten) _rules.TryRemove(id, out _);
        }

        return _rules.GetOrAdd(rule.Id, new RuleBuckets(rule, clock.TimestampFrequency) { UsedAt = now });
    }
}
