using System.Collections.Concurrent;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Proxy.Dataplane.Limits;

/// <summary>The buckets of one limit, one for each key, in a bounded number.</summary>
/// <remarks>
/// A full bucket says the same as none, so those are let go when there are too many. What is still beyond the bound
/// shares one bucket: whoever invents keys gets less, not more.
/// </remarks>
internal sealed class RuleBuckets
{
    /// <summary>How many keys have a bucket of their own.</summary>
    public const int MaxKeys = 10_000;

    private readonly ConcurrentDictionary<string, TokenBucket> _byKey = new(StringComparer.Ordinal);
    private readonly long _ticksPerToken;
    private readonly long _capacity;
    private readonly long _sweepInterval;
    private readonly TokenBucket _others;
    private int _count;
    private long _sweptAt = long.MinValue;

    public RuleBuckets(RateLimitRuleModel rule, long ticksPerSecond)
    {
        _ticksPerToken = Math.Max(1, (long)(rule.Interval.TotalSeconds * ticksPerSecond / rule.Requests));
        (_capacity, _sweepInterval) = (rule.Burst, ticksPerSecond);
        _others = new TokenBucket(_ticksPerToken, _capacity);
    }

    /// <summary>When a request was counted last.</summary>
    public long UsedAt { get; set; }

    public TokenBucket Of(string key, long now)
    {
        if (_byKey.TryGetValue(key, out var bucket)) return bucket;
        if (Volatile.Read(ref _count) >= MaxKeys) Sweep(now);
        if (Volatile.Read(ref _count) >= MaxKeys) return _others;
        bucket = new TokenBucket(_ticksPerToken, _capacity);
        if (!_byKey.TryAdd(key, bucket)) return _byKey.GetValueOrDefault(key, bucket);
        Interlocked.Increment(ref _count);
        return bucket;
    }

    private void Sweep(long now)
    {
        var last = Interlocked.Read(ref _sweptAt);
        if (last != long.MinValue && now - last < _sweepInterval) return;
        if (Interlocked.CompareExchange(ref _sweptAt, now, last) != last) return; // another one sweeps
        foreach (var (key, bucket) in _byKey)
        {
            if (bucket.IsFull(now) && _byKey.TryRemove(key, out _)) Interlocked.Decrement(ref _count);
        }
    }
}
