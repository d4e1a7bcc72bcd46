using System.Net;
using System.Threading.RateLimiting;
using MeshOrleans.Xds.Gateway.Identity;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// How many calls each caller may make, so that a script that has gone wild does not take the API from the others. Who has no name,
/// or presents what is not good, is its address. Who joins has no name yet, and many may join from behind one address: of those
/// <see cref="JoinAdmission"/> lets so many in at once, and here only those count whose credential was refused.
/// </summary>
internal sealed class CallerRates : ICertificateRates, IDisposable
{
    private const int BurstSeconds = 10;
    private const int RefusedCost = 10; // whoever guesses is slowed more than who only asks

    private readonly int _perSecond;
    private readonly PartitionedRateLimiter<string> _buckets;
    private readonly AddressRates _addresses;
    private long _refused;

    public CallerRates(IOptions<SiloOptions> options, TimeProvider clock)
    {
        _perSecond = options.Value.ApiRate;
        _addresses = new AddressRates(clock, _perSecond, BurstSeconds * _perSecond);
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
        if (KeyOf(context, caller) is not { } key)
        {
            return RefusalOfNameless(context, cost: 0);
        }

        using var lease = _buckets.AttemptAcquire(key);
        if (lease.IsAcquired) return null;
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.Zero;
        return Refuse(
            context,
            wait,
            $"One caller may make {_perSecond} calls a second, and {BurstSeconds * _perSecond} at once (--api-rate).");
    }

    /// <summary>The answer to who calls what is for everybody, too often for its address; null when the call may go on.</summary>
    public IResult? RefusalOfAnybody(HttpContext context) => RefusalOfNameless(context, cost: 1);

    /// <summary>Nobody has proved to be anybody: that counts against the address.</summary>
    public void Charge(HttpContext context) => Charge(context.Connection.RemoteIpAddress);

    /// <inheritdoc/>
    public void Charge(IPAddress? address) => _addresses.Take(address, RefusedCost);

    /// <inheritdoc/>
    public TimeSpan UntilHeard(IPAddress? address) => _addresses.Take(address, cost: 0);

    private IResult? RefusalOfNameless(HttpContext context, int cost)
    {
        var wait = _addresses.Take(context.Connection.RemoteIpAddress, cost);
        return wait == TimeSpan.Zero ? null : Refuse(
            context,
            wait,
            $"From one address there may be {_perSecond} calls a second without a name (--api-rate), and a tenth as many whose "
            + $"credential is not good; {BurstSeconds} times as many at once.");
    }

    private IResult Refuse(HttpContext context, TimeSpan wait, string detail)
    {
        Interlocked.Increment(ref _refused);
        Problems.SetRetryAfter(context, wait);
        return Problems.Of(429, "Too many calls.", detail);
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
