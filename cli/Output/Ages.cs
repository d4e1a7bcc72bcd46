namespace MeshOrleans.Cli.Output;

/// <summary>Spans of time, short.</summary>
internal static class Ages
{
    /// <summary>E.g. <c>45s</c>, <c>12m</c>, <c>5h</c>, <c>3d</c>; a dash for a time nobody gave.</summary>
    public static string Since(DateTimeOffset time, TimeProvider clock) =>
        time == default ? "-" : Of(clock.GetUtcNow() - time);

    /// <summary>How long from now; <c>past</c> when it is over.</summary>
    public static string Until(DateTimeOffset time, TimeProvider clock)
    {
        if (time == default) return "-";
        var left = time - clock.GetUtcNow();
        return left < TimeSpan.Zero ? "past" : Of(left);
    }

    public static string Of(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => "0s",
        { TotalMinutes: < 2 } => $"{Math.Floor(span.TotalSeconds):0}s",
        { TotalHours: < 2 } => $"{Math.Floor(span.TotalMinutes):0}m",
        { TotalDays: < 2 } => $"{Math.Floor(span.TotalHours):0}h",
        _ => $"{Math.Floor(span.TotalDays):0}d",
    };

    /// <summary>A point in time, in UTC.</summary>
    public static string At(DateTimeOffset time) =>
        time == default ? "-" : time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'");
}
