namespace MeshOrleans.Grains.Identity;

/// <summary>
/// How often a node has certificates signed: a bucket of requests for each, filled again at a steady rate. In memory alone: an
/// identity that is activated anew begins with full ones.
/// </summary>
/// <param name="burst">How many may come at once.</param>
/// <param name="interval">After how long there is room for one more; zero for no limit.</param>
internal sealed class IssueLimit(int burst, TimeSpan interval)
{
    /// <summary>The most nodes whose buckets are kept; of more, those that are full are dropped.</summary>
    private const int MaxNodes = 2 * IdentityMachine.MaxNodes;

    private readonly Dictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);

    /// <summary>The limit of an operator's options.</summary>
    public static IssueLimit Of(AuthorityOptions options)
    {
        // where all certificates are so short that renewals come faster, four to a lifetime
        var quarter = options.DefaultLifetime / 4;
        return new IssueLimit(options.IssueBurst, quarter < options.IssueInterval ? quarter : options.IssueInterval);
    }

    /// <summary>Takes one from the bucket of a node.</summary>
    /// <param name="nodeId">The node.</param>
    /// <param name="occasion">
    /// What the operator has done to the whole mesh, as numbers that rise: the first request after it is not the node's own doing,
    /// and takes nothing.
    /// </param>
    /// <param name="now">The time.</param>
    /// <returns>Null when there was one; else when there will be, and whether it is refused for the first time.</returns>
    public IssueRefusal? Take(string nodeId, (long Generation, long Roots) occasion, DateTimeOffset now)
    {
        if (interval <= TimeSpan.Zero) return null;
        var bucket = _buckets.GetValueOrDefault(nodeId) ?? new Bucket(burst, now, occasion, IsTold: false);
        var level = LevelOf(bucket, now);
        var isTold = bucket.IsTold && level < burst;
        var isAsked = bucket.Occasion != occasion;
        if (!isAsked && level < 1)
        {
            _buckets[nodeId] = bucket with { IsTold = true };
            return new IssueRefusal((1 - level) * interval, IsFirst: !isTold);
        }

        if (_buckets.Count >= MaxNodes) DropFull(now);
        _buckets[nodeId] = new Bucket(isAsked ? level : level - 1, now, occasion, isTold);
        return null;
    }

    private double LevelOf(Bucket bucket, DateTimeOffset now) =>
        Math.Min(burst, bucket.Level + (Math.Max(0, (now - bucket.At).Ticks) / (double)interval.Ticks));

    private void DropFull(DateTimeOffset now)
    {
        foreach (var (node, bucket) in _buckets)
        {
            if (LevelOf(bucket, now) >= burst) _buckets.Remove(node);
        }
    }

    private sealed record Bucket(double Level, DateTimeOffset At, (long Generation, long Roots) Occasion, bool IsTold);
}

/// <summary>There is no room for a request.</summary>
/// <param name="RetryAfter">When there is.</param>
/// <param name="IsFirst">Whether it is the first one refused since the bucket was full.</param>
internal sealed record IssueRefusal(TimeSpan RetryAfter, bool IsFirst);
