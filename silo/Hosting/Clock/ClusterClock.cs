namespace MeshOrleans.Silo.Hosting.Clock;

/// <summary>
/// The time of a cluster: the database's, carried on by this machine's monotonic clock. However wrong the wall clock of a
/// machine is, or becomes while it runs, its silo issues certificates that hold and expires nothing before its time.
/// </summary>
internal sealed class ClusterClock : TimeProvider
{
    private volatile Anchor? _anchor;
    private long _toldAt;

    /// <summary>How far this machine's wall clock is ahead of the cluster's time; zero before it was first compared.</summary>
    public TimeSpan WallClockError => _anchor is null ? TimeSpan.Zero : System.GetUtcNow() - GetUtcNow();

    /// <summary>How long ago the database has last told the time; zero where there is no database to ask.</summary>
    public TimeSpan SinceTold => _anchor is null ? TimeSpan.Zero : GetElapsedTime(Volatile.Read(ref _toldAt));

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() =>
        _anchor is { } anchor ? anchor.Time + GetElapsedTime(anchor.Stamp) : System.GetUtcNow();

    /// <summary>
    /// Takes over the time that the database told, unless the clock agrees as far as the answer can tell: one that took long,
    /// for the database or this process stood still meanwhile, tells little.
    /// </summary>
    /// <param name="time">Its time.</param>
    /// <param name="asked">The timestamp of the question.</param>
    public void Tell(DateTimeOffset time, long asked)
    {
        var now = GetTimestamp();
        Volatile.Write(ref _toldAt, now);
        if (_anchor is not null && (time - GetUtcNow()).Duration() <= GetElapsedTime(asked, now)) return;
        _anchor = new Anchor(time, asked + ((now - asked) / 2));
    }

    private sealed record Anchor(DateTimeOffset Time, long Stamp);
}
