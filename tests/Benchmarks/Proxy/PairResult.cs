using System.Collections.Immutable;

namespace MeshOrleans.Benchmarks.Proxy;

/// <summary>What one pair came to: the middle one of its rounds, for each figure by itself.</summary>
internal sealed record PairResult
{
    public required string Pair { get; init; }

    /// <summary>Answers per second, as many as it could.</summary>
    public double SaturatedPerSecond { get; init; }

    /// <summary>99 of 100 answers took at most this while saturated, in milliseconds.</summary>
    public double SaturatedP99 { get; init; }

    /// <summary>Processor time of both proxies for one request while saturated, in microseconds.</summary>
    public double SaturatedCpu { get; init; }

    /// <summary>Paced latencies, in milliseconds.</summary>
    public double PacedP50 { get; init; }

    /// <summary>Paced latencies, in milliseconds.</summary>
    public double PacedP99 { get; init; }

    /// <summary>Processor time of both proxies for one paced request, in microseconds.</summary>
    public double PacedCpu { get; init; }

    /// <summary>Bytes that both proxies have allocated for one paced request; null when nobody counts them.</summary>
    public double? PacedBytes { get; init; }

    /// <summary>Memory of both proxies before any load, in megabytes.</summary>
    public double IdleMegabytes { get; init; }

    /// <summary>Memory of both proxies after load, in megabytes.</summary>
    public double LoadedMegabytes { get; init; }

    /// <summary>From the start of the outbound proxy to the first answer, in milliseconds; null without a proxy.</summary>
    public double? StartMilliseconds { get; init; }

    /// <summary>Requests of all rounds without a right answer.</summary>
    public long Failed { get; init; }

    /// <summary>Every round as it was.</summary>
    public required ImmutableArray<Turn> Turns { get; init; }

    /// <summary>Takes the middle of each figure.</summary>
    public static PairResult Of(
        string pair, IReadOnlyCollection<Turn> turns, double idle, IReadOnlyCollection<double> starts) => new()
    {
        Pair = pair,
        SaturatedPerSecond = Middle(turns, t => t.SaturatedPerSecond),
        SaturatedP99 = Middle(turns, t => t.SaturatedP99),
        SaturatedCpu = Middle(turns, t => t.SaturatedCpu),
        PacedP50 = Middle(turns, t => t.Paced?.P50 ?? double.NaN),
        PacedP99 = Middle(turns, t => t.Paced?.P99 ?? double.NaN),
        PacedCpu = Middle(turns, t => t.PacedCpu),
        PacedBytes = turns.All(t => t.PacedBytes is null) ? null : Middle(turns, t => t.PacedBytes ?? double.NaN),
        IdleMegabytes = idle,
        LoadedMegabytes = turns.Max(t => t.Megabytes),
        StartMilliseconds = starts.Count == 0 ? null : Middle(starts, s => s),
        Failed = turns.Sum(t => t.Failed),
        Turns = [.. turns],
    };

    private static double Middle<T>(IReadOnlyCollection<T> rounds, Func<T, double> figure)
    {
        var sorted = rounds.Select(figure).Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
