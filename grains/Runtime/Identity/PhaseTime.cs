namespace MeshOrleans.Grains.Identity;

/// <summary>
/// How long the authority has been in its phase. A wall clock may be set wrongly, and a root that is dropped too early cuts
/// everybody off: only time counts that some silo has itself seen pass.
/// </summary>
internal sealed class PhaseTime(TimeProvider clock)
{
    private static readonly TimeSpan _least = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _most = TimeSpan.FromMinutes(10);

    private long _mark = clock.GetTimestamp();

    /// <summary>The time by which the phase is judged: the clock's, unless it is ahead of what was seen to pass.</summary>
    public DateTimeOffset Now(AuthorityState state)
    {
        var now = clock.GetUtcNow();
        return state.Since is { } since ? AuthorityCertificates.Earlier(now, since + Seen(state)) : now;
    }

    /// <summary>
    /// The state with the time that was seen, when that is worth a write: a tenth of what is waited for, from a second to ten
    /// minutes. A silo that dies loses no more of it. Else the very same state.
    /// </summary>
    public AuthorityState Noted(AuthorityState state, DateTimeOffset? end)
    {
        if (state.Since is not { } since || end is not { } until) return state;
        var step = TimeSpan.FromTicks(Math.Clamp((until - since).Ticks / 10, _least.Ticks, _most.Ticks));
        return clock.GetElapsedTime(_mark) < step ? state : state with { Seen = Seen(state) };
    }

    /// <summary>What was seen is in the state: from here on it is counted anew.</summary>
    public void Restart() => _mark = clock.GetTimestamp();

    private TimeSpan Seen(AuthorityState state) => state.Seen + clock.GetElapsedTime(_mark);
}
