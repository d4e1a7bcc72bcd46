namespace MeshOrleans.Silo.Hosting;

/// <summary>
/// Whose heartbeat in the database has stood still for too long, as far as this process can tell: it must have read the
/// database all that time itself, so that nobody is blamed for an outage that all share. Compares heartbeats with what they
/// were, never with a clock.
/// </summary>
/// <param name="limit">How long a heartbeat may stand still.</param>
/// <param name="gap">The longest time between two readings that still count as one observation.</param>
/// <param name="clock">Measures the time.</param>
internal sealed class Heartbeats(TimeSpan limit, TimeSpan gap, TimeProvider clock)
{
    private Dictionary<string, Heartbeat> _seen = new(StringComparer.Ordinal);
    private long _readAt = clock.GetTimestamp();

    /// <summary>Takes over a reading.</summary>
    /// <param name="heartbeats">The newest heartbeat of every live process.</param>
    /// <returns>Those that are silent.</returns>
    public IReadOnlyList<string> Read(IReadOnlyDictionary<string, DateTime> heartbeats)
    {
        var now = clock.GetTimestamp();
        if (clock.GetElapsedTime(_readAt, now) > gap) _seen.Clear();
        _readAt = now;
        _seen = heartbeats.ToDictionary(
            h => h.Key,
            h => _seen.TryGetValue(h.Key, out var before) && before.Value == h.Value ? before : new Heartbeat(h.Value, now),
            StringComparer.Ordinal);
        return [.. _seen.Where(s => clock.GetElapsedTime(s.Value.At, now) > limit).Select(s => s.Key)];
    }

    private sealed record Heartbeat(DateTime Value, long At);
}
