using MeshOrleans.Model;

namespace MeshOrleans.Xds.Gateway;

/// <summary>How long to wait before the next attempt: doubling up to a cap, the upper half of it by chance.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan cap, IRandomSource random)
{
    private int _failures;

    /// <summary>The wait after one more failure.</summary>
    public TimeSpan Next()
    {
        var full = TimeSpan.FromTicks(Math.Min(cap.Ticks, first.Ticks << Math.Min(_failures++, 20)));
        return full * (0.5 + (random.NextDouble() / 2));
    }

    /// <summary>It worked: the next failure waits as the first did.</summary>
    public void Reset() => _failures = 0;
}
