namespace MeshOrleans.Proxy.Dataplane.Limits;

/// <summary>What a bucket says to one request.</summary>
/// <param name="IsAllowed">There was a token for it.</param>
/// <param name="Remaining">How many more would get one now.</param>
/// <param name="UntilNext">Ticks until there is a token again; zero while there are any.</param>
/// <param name="UntilFull">Ticks until the bucket is full again.</param>
internal readonly record struct BucketAnswer(bool IsAllowed, long Remaining, long UntilNext, long UntilFull);

/// <summary>A token bucket that fills steadily, kept as the one moment at which it will be full again.</summary>
/// <remarks>No lock: a request takes its token by one exchange. Source: the generic cell rate algorithm.</remarks>
/// <param name="ticksPerToken">How long a token takes, in ticks of the clock.</param>
/// <param name="capacity">How many tokens it holds.</param>
internal sealed class TokenBucket(long ticksPerToken, long capacity)
{
    private long _fullAt = long.MinValue;

    public BucketAnswer TryTake(long now)
    {
        while (true)
        {
            var fullAt = Interlocked.Read(ref _fullAt);
            var next = Math.Max(fullAt, now) + ticksPerToken;
            var missing = next - now;
            var room = capacity * ticksPerToken;
            if (missing > room) return new BucketAnswer(false, 0, missing - room, fullAt - now);
            if (Interlocked.CompareExchange(ref _fullAt, next, fullAt) != fullAt) continue;
            var remaining = (room - missing) / ticksPerToken;
            var untilNext = remaining > 0 ? 0 : missing + ticksPerToken - room;
            return new BucketAnswer(true, remaining, untilNext, missing);
        }
    }

    public bool IsFull(long now) => Interlocked.Read(ref _fullAt) <= now;
}
