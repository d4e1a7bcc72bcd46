namespace MeshOrleans.Silo.Hosting.Clock;

/// <summary>
/// The time of a cluster: the database's, carried on by this machine's monotonic clock. However wrong the wall clock of a
/// machine is, or becomes while it runs, its silo issues certificates that hold and expires nothing before its time.
/// </summary>
internal sealed class ClusterClock : TimeProvider
{
    private volatile Anchor? _anchor;

    /// <summary>How far this machine's wall clock is ahead of the cluster's time; zero before it was first compared.</summary>
    public TimeSpan WallClockError => _anchor is null ? TimeSpan.Zero : System.GetUtcNow() - GetUtcNow();

    /// <summary>How long ago the database has last told the time; zero where there is no database to ask.</summary>
    public TimeSpan SinceTold => _anchor is { } anchor ? GetElapsedTime(anchor.Stamp) : TimeSpan.Zero;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() =>
        _anchor is { } anchor ? anchor.Time + GetElapsedTime(anchor.Stamp) : System.GetUtcNow();

    /// <summary>Takes over the time that the database told.</summary>
    /// <param name="time">Its time.</param>
    /// <param name="stamp">The timestamp of that moment, halfway between question and answer.</param>
    public void Set(DateTimeOffset time, long stamp) => _anchor = new Anchor(time, stamp);

    private sealed record Anchor(DateTimeOffset Time, long Stamp);
}
