using MeshOrleans.Benchmarks.Measuring;

namespace MeshOrleans.Benchmarks.Proxy;

/// <summary>What one pair came to in one round.</summary>
internal sealed record Turn
{
    /// <summary>Answers per second, as many as it could.</summary>
    public double SaturatedPerSecond { get; init; }

    /// <summary>99 of 100 answers took at most this while saturated, in milliseconds.</summary>
    public double SaturatedP99 { get; init; }

    /// <summary>Processor time of both proxies for one request while saturated, in microseconds.</summary>
    public double SaturatedCpu { get; init; }

    /// <summary>How the paced latencies are spread, in milliseconds; null when nothing was answered.</summary>
    public Spread? Paced { get; init; }

    /// <summary>Processor time of both proxies for one paced request, in microseconds.</summary>
    public double PacedCpu { get; init; }

    /// <summary>Bytes that both proxies have allocated for one paced request; null when nobody counts them.</summary>
    public double? PacedBytes { get; init; }

    /// <summary>Memory of both proxies after the load of this turn, in megabytes.</summary>
    public double Megabytes { get; init; }

    /// <summary>Requests without a right answer.</summary>
    public long Failed { get; init; }
}
