namespace MeshOrleans.Benchmarks.Measuring;

/// <summary>How a set of durations is spread, in milliseconds.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="P50">Half of them are at most this.</param>
/// <param name="P99">99 of 100 are at most this.</param>
/// <param name="Max">The longest.</param>
internal sealed record Spread(int Count, double P50, double P99, double Max)
{
    /// <summary>Sorts and looks; null when there is none.</summary>
    public static Spread? Of(IEnumerable<TimeSpan> durations)
    {
        var sorted = durations.Select(d => d.TotalMilliseconds).Order().ToArray();
        return sorted.Length == 0 ? null : new Spread(sorted.Length, At(0.50), At(0.99), sorted[^1]);

        // nearest rank: always a duration that was measured
        double At(double share) => sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
    }
}
