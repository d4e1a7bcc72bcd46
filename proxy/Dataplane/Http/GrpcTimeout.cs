using MeshOrleans.Model;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>
/// Reads the <c>grpc-timeout</c> header: at most eight digits and a unit. What is longer than a timer can run is
/// <see cref="Timers.Longest"/>.
/// </summary>
internal static class GrpcTimeout
{
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > 9) return false;
        if (!uint.TryParse(text[..^1], System.Globalization.NumberStyles.None, null, out var amount)) return false;
        TimeSpan? parsed = text[^1] switch
        {
            'H' => TimeSpan.FromHours(Math.Min(amount, Timers.Longest.TotalHours)),
            'M' => TimeSpan.FromMinutes(Math.Min(amount, Timers.Longest.TotalMinutes)),
            'S' => TimeSpan.FromSeconds(Math.Min(amount, Timers.Longest.TotalSeconds)),
            'm' => TimeSpan.FromMilliseconds((double)amount),
            'u' => TimeSpan.FromMicroseconds((double)amount),
            'n' => TimeSpan.FromMicroseconds(amount / 1000.0),
            _ => null,
        };
        timeout = parsed ?? default;
        return parsed is not null;
    }
}
