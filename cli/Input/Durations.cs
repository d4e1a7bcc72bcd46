using System.Globalization;

namespace MeshOrleans.Cli.Input;

/// <summary>Durations as people write them: <c>45s</c>, <c>30m</c>, <c>1h30m</c>, <c>7d</c>.</summary>
internal static class Durations
{
    private const double MostSeconds = 3650 * 86400d;

    /// <exception cref="CliException">The text is no duration.</exception>
    public static TimeSpan Parse(string text, string flag) => TryParse(text, out var duration)
        ? duration
        : throw CliException.Usage($"{flag}: '{text}' is no duration; write e.g. 45s, 30m, 1h30m or 7d");

    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        if (text.IsEmpty) return false;
        var seconds = 0d;
        while (!text.IsEmpty)
        {
            var unit = text.IndexOfAny("smhd");
            if (unit <= 0 || !TryParseNumber(text[..unit], out var value)) return false;
            seconds += value * text[unit] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 86400 };
            text = text[(unit + 1)..];
        }

        if (seconds > MostSeconds) return false;
        duration = TimeSpan.FromSeconds(seconds);
        return true;
    }

    private static bool TryParseNumber(ReadOnlySpan<char> text, out double value) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);
}
