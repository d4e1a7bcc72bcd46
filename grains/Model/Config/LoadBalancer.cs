using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>How an endpoint is chosen among equals.</summary>
public enum SimpleLoadBalancer
{
    /// <summary>As the default: <see cref="LeastRequest"/>.</summary>
    Unspecified,

    /// <summary>The old name of <see cref="LeastRequest"/>.</summary>
    LeastConn,

    /// <summary>Any, by weight.</summary>
    Random,

    /// <summary>The address that the client dialled.</summary>
    Passthrough,

    /// <summary>In turn, by weight.</summary>
    RoundRobin,

    /// <summary>The less busy of two, by weight.</summary>
    LeastRequest,
}

/// <summary>How an endpoint is chosen.</summary>
public sealed record LoadBalancer
{
    /// <summary>A simple method; exclusive with <see cref="ConsistentHash"/>. Null when not given.</summary>
    public SimpleLoadBalancer? Simple { get; init; }

    /// <summary>By a property of the request.</summary>
    public ConsistentHash? ConsistentHash { get; init; }

    /// <summary>By distance; null means the mesh's setting.</summary>
    public LocalityLoadBalancer? LocalityLbSetting { get; init; }

    /// <summary>Slow start of new endpoints.</summary>
    public Warmup? Warmup { get; init; }
}

/// <summary>Chooses by a property of the request, exactly one of those given here.</summary>
public sealed record ConsistentHash
{
    /// <summary>The header whose value is hashed; empty when none.</summary>
    public string HttpHeaderName { get; init; } = "";

    /// <summary>The cookie whose value is hashed.</summary>
    public HttpCookie? HttpCookie { get; init; }

    /// <summary>Whether the client's address is hashed.</summary>
    public bool UseSourceIp { get; init; }

    /// <summary>The query parameter whose value is hashed; empty when none.</summary>
    public string HttpQueryParameterName { get; init; } = "";

    /// <summary>Least size of the hash ring; null means 1024.</summary>
    public long? MinimumRingSize { get; init; }

    /// <summary>Uses Maglev tables of <see cref="MaglevTableSize"/> instead of a ring.</summary>
    public bool UseMaglev { get; init; }

    /// <summary>Size of the Maglev table, a prime; null means 65537.</summary>
    public long? MaglevTableSize { get; init; }

    /// <summary>Above this, Envoy takes no Maglev table.</summary>
    public const int MaxMaglevTable = 5_000_011;

    /// <summary>Whether a Maglev table may have this size: a prime, as its entries are found by steps that meet all.</summary>
    public static bool IsTableSize(long size)
    {
        if (size is < 2 or > MaxMaglevTable) return false;
        for (var divisor = 2L; divisor * divisor <= size; divisor++)
        {
            if (size % divisor == 0) return false;
        }

        return true;
    }
}

/// <summary>A cookie that keeps a client at one endpoint.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Path">Its path; empty when none.</param>
/// <param name="Ttl">Its life; null hashes an existing cookie only.</param>
/// <param name="Attributes">Further attributes.</param>
public sealed record HttpCookie(
    string Name,
    string Path,
    TimeSpan? Ttl,
    ImmutableArray<KeyValuePair<string, string>> Attributes);

/// <summary>Chooses by distance.</summary>
public sealed record LocalityLoadBalancer
{
    /// <summary>Shares of the traffic by origin; exclusive with the other two.</summary>
    public ImmutableArray<LocalityDistribution> Distribute { get; init; } = [];

    /// <summary>Which region takes over from which.</summary>
    public ImmutableArray<LocalityFailover> Failover { get; init; } = [];

    /// <summary>Labels in order of importance; endpoints that share the longest run of them come first.</summary>
    public ImmutableArray<string> FailoverPriority { get; init; } = [];

    /// <summary>Whether it is on; null means yes.</summary>
    public bool? Enabled { get; init; }
}

/// <summary>Shares of the traffic from one place.</summary>
/// <param name="From">The origin, <c>region/zone/subzone</c> or a prefix ending in <c>*</c>.</param>
/// <param name="To">Percent by destination; 100 in sum.</param>
public sealed record LocalityDistribution(string From, ImmutableSortedDictionary<string, int> To);

/// <summary>Which region takes over.</summary>
/// <param name="From">The region that fails.</param>
/// <param name="To">The region that takes over.</param>
public sealed record LocalityFailover(string From, string To);

/// <summary>Slow start of new endpoints.</summary>
/// <param name="Duration">How long; null when the manifest named none.</param>
/// <param name="MinimumPercent">Share at the start, in percent; null means 10.</param>
/// <param name="Aggression">Shape of the rise; null means 1, which is linear.</param>
public sealed record Warmup(TimeSpan? Duration, double? MinimumPercent, double? Aggression);
