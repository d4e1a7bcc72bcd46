namespace MeshOrleans.Xds.Gateway.Admission;

/// <summary>How fast those that wait get their turn, measured while somebody waits.</summary>
/// <remarks>Not safe for several threads.</remarks>
internal sealed class TurnPace(TimeProvider clock)
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(3); // a process that has just started gets faster
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(8); // what was longer ago counts ever less

    private double _turns;
    private long? _since;

    /// <summary>Turns in a second; null while it is not known.</summary>
    public double? PerSecond =>
        _since is { } since && clock.GetElapsedTime(since) is var time && time >= Least && _turns > 0
            ? _turns / time.TotalSeconds
            : null;

    /// <summary>Somebody begins to wait.</summary>
    public void Waits() => _since ??= clock.GetTimestamp();

    /// <summary>Somebody no longer waits.</summary>
    /// <param name="hasTurn">It has got its turn.</param>
    /// <param name="left">How many still wait.</param>
    public void Ends(bool hasTurn, long left)
    {
        if (left == 0)
        {
            (_turns, _since) = (0, null);
            return;
        }

        if (hasTurn) _turns++;
        if (clock.GetElapsedTime(_since!.Value) is var time && time < Most) return;
        _turns /= 2;
        _since = clock.GetTimestamp() - (long)(time.TotalSeconds / 2 * clock.TimestampFrequency);
    }
}
