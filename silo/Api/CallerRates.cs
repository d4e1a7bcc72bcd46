using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// How many calls each caller may make, so that a script that has gone wild does not take the API from the others. Who joins by
/// a token has no name yet: of those <see cref="JoinAdmission"/> lets so many in at once.
/// </summary>
internal sealed class CallerRates : IDisposable
{
    private const int BurstSeconds = 10;

    private readonly int _perSecond;
    private readonly PartitionedRateLimiter<string> _buckets;
    private long _refused;

    public CallerRates(IOptions<SiloOptions> options)
    {
        _perSecond = options.Value.ApiRate;
        _buckets = PartitionedRateLimiter.Create<string, string>(caller => RateLimitPartition.GetTokenBucketLimiter(
            caller,
            _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = BurstSeconds * _perSecond,
                TokensPerPeriod = _perSecond,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                QueueLimit = 0,
            }));
    }

    /// <summary>How many calls were refused, since the process began.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>The answer to who has called too often; null when the call may go on.</summary>
    public IResult? RefusalOf(HttpContext context, Caller caller)
    {
        if (KeyOf(context, caller) is not { } key) return null;
        using var lease = _buckets.AttemptAcquire(key);
        if (lease.IsAcquired) return null;
        Interlocked.Increment(ref _refused);
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? Math.Max(1, Math.Ceiling(after.TotalSeconds)) : 1;
        context.Response.Headers.RetryAfter = wait.ToString(CultureInfo.InvariantCulture);
        return Problems.Of(
            429,
            "Too many calls.",
            $"One caller may make {_perSecond} calls a second, and {BurstSeconds * _perSecond} at once (--api-rate).");
    }

    public void Dispose() => _buckets.Dispose();

    // many machines may be one service account
    private static string? KeyOf(HttpContext context, Caller caller) => caller switch
    {
        Caller.Member => $"{caller.Name} {context.Connection.RemoteIpAddress}",
        Caller.Admin or Caller.User => caller.Name,
        _ => null,
    };
}
