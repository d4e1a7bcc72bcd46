using System.Globalization;

namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>The text of <c>grpc-timeout</c>: up to eight digits and a unit.</summary>
internal static class GrpcTimeout
{
    private const int MaxDigits = 8;
    private const long MaxNumber = 99_999_999;

    /// <summary>What no timer can hold, and no call lives as long as: such a deadline is none.</summary>
    private static readonly TimeSpan Endless = TimeSpan.FromDays(24);

    /// <summary>Reads a header value; a span of zero or more, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    public static bool TryParse(string text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > MaxDigits + 1) return false;
        if (!long.TryParse(
            text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        long? ticks = text[^1] switch
        {
            'H' => TimeSpan.TicksPerHour,
            'M' => TimeSpan.TicksPerMinute,
            'S' => TimeSpan.TicksPerSecond,
            'm' => TimeSpan.TicksPerMillisecond,
            'u' => TimeSpan.TicksPerMicrosecond,
            'n' => 0,
            _ => null,
        };
        if (ticks is not { } unit) return false;
        timeout = unit == 0
            ? TimeSpan.FromTicks(number / TimeSpan.NanosecondsPerTick)
            : TimeSpan.FromTicks(number * unit);
        if (timeout > Endless) timeout = Timeout.InfiniteTimeSpan;
        return true;
    }

    /// <summary>Writes a span with the finest unit that it fits into, milliseconds at best.</summary>
    public static string Format(TimeSpan timeout)
    {
        var milliseconds = (long)Math.Ceiling(Math.Max(0, timeout.TotalMilliseconds));
        if (milliseconds <= MaxNumber) return $"{milliseconds}m";
        var seconds = milliseconds / 1000;
        return seconds <= MaxNumber ? $"{seconds}S" : $"{Math.Min(seconds / 3600, MaxNumber)}H";
    }
}
