namespace MeshOrleans.Silo.Hosting.Clock;

/// <summary>
/// Tells a process that it stood still. Two clocks are asked, because neither sees every pause: the monotonic one goes on while
/// a process is stopped, and stands still with a machine that is suspended or a virtual one that is paused; the wall clock is
/// set right after that, and may be set back by anybody. A wall clock that is merely moved on looks like a pause as well, which
/// costs a question too many.
/// </summary>
/// <param name="tolerated">How long a process may do nothing before it counts as a pause.</param>
/// <param name="clock">Its timestamps are the monotonic clock.</param>
/// <param name="wall">Its time of day is the wall clock.</param>
internal sealed class PauseWatch(TimeSpan tolerated, TimeProvider clock, TimeProvider wall)
{
    private volatile Mark _mark = Mark.Of(clock, wall);

    /// <summary>How long ago <see cref="MarkAwake"/> was last called, by whichever clock says more.</summary>
    public TimeSpan SinceAwake
    {
        get
        {
            var mark = _mark;
            var (still, moved) = (clock.GetElapsedTime(mark.Stamp), wall.GetUtcNow() - mark.Time);
            return still > moved ? still : moved;
        }
    }

    /// <summary>False from <c>tolerated</c> after the last <see cref="MarkAwake"/> on.</summary>
    public bool IsAwake => SinceAwake < tolerated;

    /// <summary>Says that nothing before this moment needs to be asked about.</summary>
    public void MarkAwake() => _mark = Mark.Of(clock, wall);

    private sealed record Mark(long Stamp, DateTimeOffset Time)
    {
        public static Mark Of(TimeProvider clock, TimeProvider wall) => new(clock.GetTimestamp(), wall.GetUtcNow());
    }
}
