using System.Net;
using System.Net.Sockets;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// How many calls may come from one address by callers that have no name. There are so many buckets and no more: two addresses
/// may share one, and whoever has many addresses fills nobody's memory with them.
/// </summary>
/// <param name="clock">The time.</param>
/// <param name="perSecond">How many tokens a bucket gets back in a second.</param>
/// <param name="burst">How many it holds.</param>
internal sealed class AddressRates(TimeProvider clock, int perSecond, int burst)
{
    private const int Buckets = 4096;
    private const int PrefixBytes = 8; // of IPv6, a /64 is one machine's or one network's

    private readonly Bucket[] _buckets = new Bucket[Buckets];
    private readonly Lock _gate = new();

    /// <summary>Takes tokens of an address, as far as there are any.</summary>
    /// <param name="address">The address.</param>
    /// <param name="cost">How many; zero only looks.</param>
    /// <returns>How long until there is one; zero when there was.</returns>
    public TimeSpan Take(IPAddress? address, int cost)
    {
        var index = IndexOf(address);
        var now = clock.GetTimestamp();
        lock (_gate)
        {
            var tokens = TokensOf(in _buckets[index], now);
            var isThere = tokens >= 1;
            _buckets[index] = new Bucket(true, now, isThere ? Math.Max(0, tokens - cost) : tokens);
            return isThere ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - tokens) / perSecond);
        }
    }

    private double TokensOf(in Bucket bucket, long now) => !bucket.IsUsed
        ? burst
        : Math.Min(burst, bucket.Tokens + (clock.GetElapsedTime(bucket.At, now).TotalSeconds * perSecond));

    private int IndexOf(IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[16];
        var length = 0;
        if (address is { IsIPv4MappedToIPv6: true }) address = address.MapToIPv4();
        if (address?.TryWriteBytes(bytes, out length) is true && address.AddressFamily is AddressFamily.InterNetworkV6)
        {
            length = PrefixBytes;
        }

        var hash = new HashCode(); // of another seed in each process: nobody can choose whose bucket to share
        hash.AddBytes(bytes[..length]);
        return (int)((uint)hash.ToHashCode() % Buckets);
    }

    private readonly record struct Bucket(bool IsUsed, long At, double Tokens);
}
