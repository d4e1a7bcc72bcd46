namespace MeshOrleans.Proxy.Sidecar.Demands;

/// <summary>
/// How often may be asked: some fifty times at once, ten times a second for long. Each time costs several requests on
/// the stream, and a gateway ends streams that send too many.
/// </summary>
internal sealed class DemandPace(TimeProvider clock)
{
    private const int Burst = 50;
    private static readonly TimeSpan Refill = TimeSpan.FromMilliseconds(100);
    private double _left = Burst;
    private long _at = clock.GetTimestamp();

    /// <summary>How long to wait; zero when it may be asked now, which counts.</summary>
    public TimeSpan Next()
    {
        var now = clock.GetTimestamp();
        _left = Math.Min(Burst, _left + (clock.GetElapsedTime(_at, now) / Refill));
        _at = now;
        if (_left < 1) return (1 - _left) * Refill;
        _left--;
        return TimeSpan.Zero;
    }
}
