using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>When and how a grain timer ticks.</summary>
public readonly struct GrainTimerCreationOptions()
{
    [SetsRequiredMembers]
    public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period) : this()
    {
        DueTime = dueTime;
        Period = period;
    }

    /// <summary>Time to the first tick; <see cref="Timeout.InfiniteTimeSpan"/> for none until it is changed.</summary>
    public required TimeSpan DueTime { get; init; }

    /// <summary>
    /// From the end of one tick to the next; <see cref="Timeout.InfiniteTimeSpan"/> for a single tick.
    /// </summary>
    public required TimeSpan Period { get; init; }

    /// <summary>Whether ticks may interleave with calls; otherwise a tick is a turn like a call.</summary>
    public bool Interleave { get; init; }

    /// <summary>Whether a tick counts as use, so that the activation is not idle.</summary>
    public bool KeepAlive { get; init; }
}
