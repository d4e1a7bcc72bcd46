namespace MeshOrleans.Silo.Hosting.Clock;

/// <summary>
/// Tells a process that it stood still. Two clocks are asked, because neither sees every pause: the monotonic one goes on while
/// a process is stopped, and stands still with a machine that is suspended; the wall clock is right again after that, and may
/// be set back by anybody. A wall clock that is merely moved on looks like a pause as well, which costs a question too many. A
/// guest whose clocks both stood still, and are set right only gradually, is not noticed.
/// </summary>
/// <param name="tolerated">How long a process may do nothing before it counts as a pause.</param>
/// <param name="clock">Its timestamps are the monotonic clock.</param>
/// <param name="wall">Its time of day is the wall clock.</param>
internal sealed class PauseWatch(TimeSpan tolerated, TimeProvider clock, TimeProvider wall)
{
    private volatile Moment _awake = new(clock.GetTimestamp(), wall.GetUtcNow());

    /// <summary>This moment, by both clocks.</summary>
    public Moment Now => new(clock.GetTimestamp(), wall.GetUtcNow());

    /// <summary>False from <c>tolerated</c> after the last <see cref="MarkAwake"/> on.</summary>
    public bool IsAwake => IsAwakeAt(Now);

    /// <summary>Whether no pause lies before a moment that was taken earlier: a pause since then does not count.</summary>
    public bool IsAwakeAt(Moment moment) => SinceAwake(moment) < tolerated;

    /// <summary>How long before a moment <see cref="MarkAwake"/> was last called, by whichever clock says more.</summary>
    public TimeSpan SinceAwake(Moment moment)
    {
        var awake = _awake;
        var (still, moved) = (clock.GetElapsedTime(awake.Stamp, moment.Stamp), moment.Time - awake.Time);
        return still > moved ? still : moved;
    }

    /// <summary>Says that nothing before a moment needs to be asked about.</summary>
    public void MarkAwake(Moment moment) => _awake = moment;

    /// <summary>A moment by both clocks.</summary>
    /// <param name="Stamp">The monotonic clock's.</param>
    /// <param name="Time">The wall clock's.</param>
    internal sealed record Moment(long Stamp, DateTimeOffset Time);
}
