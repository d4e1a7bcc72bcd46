namespace MeshOrleans.Proxy.Http2.Connections;

/// <summary>
/// How many frames a peer may send that ask for nothing (PING, SETTINGS, PRIORITY, empty DATA and the like): a burst, and so
/// many a second. Frames that come with ordinary work count a tenth. DECISIONS.md, section 29, has the reasons.
/// </summary>
internal sealed class FrameBudget(TimeProvider clock)
{
    /// <summary>What a frame counts that nobody needs.</summary>
    public const int Idle = 10;

    /// <summary>What a frame counts that ordinary work brings with it.</summary>
    public const int Ordinary = 1;

    private const long Most = 2000 * Idle;
    private const long PerSecond = 200 * Idle;

    private long _left = Most;
    private long _at = clock.GetTimestamp();

    /// <summary>Counts a frame; false when there were too many.</summary>
    public bool TrySpend(int cost)
    {
        if (_left < cost) Refill();
        _left -= cost;
        return _left >= 0;
    }

    private void Refill()
    {
        var now = clock.GetTimestamp();
        var earned = (long)(clock.GetElapsedTime(_at, now).TotalSeconds * PerSecond);
        if (earned == 0) return;
        (_left, _at) = (Math.Min(Most, _left + earned), now);
    }
}
