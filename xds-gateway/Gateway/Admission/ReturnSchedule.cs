using MeshOrleans.Model;

namespace MeshOrleans.Xds.Gateway.Admission;

/// <summary>
/// When refused clients are told to come back: not together, and no more of them in a second than can be taken then.
/// </summary>
/// <remarks>Not safe for several threads.</remarks>
/// <param name="mean">How soon on average where nothing else is known.</param>
/// <param name="clock">The time.</param>
/// <param name="random">Keeps those apart that were refused together.</param>
internal sealed class ReturnSchedule(TimeSpan mean, TimeProvider clock, IRandomSource random)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private long _bookedUntil = clock.GetTimestamp();

    /// <summary>When the next one that is refused is to come back.</summary>
    /// <param name="perSecond">How many can be taken in a second; null when that is not known.</param>
    public TimeSpan Next(double? perSecond)
    {
        var soonest = mean * (0.5 + random.NextDouble());
        if (perSecond is not > 0) return soonest;
        var now = clock.GetTimestamp();
        _bookedUntil = Math.Max(now, _bookedUntil) + (long)(clock.TimestampFrequency / perSecond.Value);
        var booked = clock.GetElapsedTime(now, _bookedUntil);
        if (booked > Longest)
        {
            _bookedUntil = now; // there are more than a schedule is of use for: spread them over all of it
            return Longest * (0.5 + (random.NextDouble() / 2));
        }

        return booked > soonest ? booked : soonest;
    }
}
