using System.Buffers;
using System.Globalization;

namespace MeshOrleans.Model.Config.Reading;

/// <summary>Durations as Istio's manifests write them: <c>1h30m</c>, <c>1.5s</c>, <c>250ms</c>.</summary>
internal static class GoDuration
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    /// <summary>Reads without throwing. False for other text, and for what is finer than 100 ns or too long.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var rest = text.AsSpan();
        var negative = rest.StartsWith("-");
        if (negative) rest = rest[1..];
        if (rest.IsEmpty || rest.Length > 64) return false;
        if (rest is "0") return true;

        decimal ticks = 0;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(NumberCharacters);
            if (digits <= 0) return false;
            if (!decimal.TryParse(
                rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            rest = rest[digits..];
            if (!TryTakeUnit(ref rest, out var unit) || number > TimeSpan.MaxValue.Ticks / unit) return false;
            ticks += number * unit;
        }

        if (ticks > TimeSpan.MaxValue.Ticks || ticks != decimal.Truncate(ticks)) return false;
        duration = TimeSpan.FromTicks((long)(negative ? -ticks : ticks));
        return true;
    }

    private static bool TryTakeUnit(ref ReadOnlySpan<char> rest, out decimal ticks)
    {
        (ticks, var length) = rest switch
        {
            ['n', 's', ..] => (0.01m, 2),
            ['u' or 'µ' or 'μ', 's', ..] => (TimeSpan.TicksPerMicrosecond, 2),
            ['m', 's', ..] => (TimeSpan.TicksPerMillisecond, 2),
            ['s', ..] => (TimeSpan.TicksPerSecond, 1),
            ['m', ..] => (TimeSpan.TicksPerMinute, 1),
            ['h', ..] => (TimeSpan.TicksPerHour, 1),
            _ => (0m, 0),
        };
        rest = rest[length..];
        return length > 0;
    }
}
