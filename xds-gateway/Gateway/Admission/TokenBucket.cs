namespace MeshOrleans.Xds.Gateway.Admission;

/// <summary>Limits how often something may happen: so many times at once, and so many a second for long.</summary>
/// <remarks>Not safe for several threads.</remarks>
internal sealed class TokenBucket(int burst, int perSecond, TimeProvider clock)
{
    private double _tokens = burst;
    private long _refilledAt = clock.GetTimestamp();

    /// <summary>False when it happens too often.</summary>
    /// <param name="cost">How much it counts.</param>
    public bool TryTake(double cost = 1)
    {
        var now = clock.GetTimestamp();
        var refill = clock.GetElapsedTime(_refilledAt, now).TotalSeconds * perSecond;
        _tokens = Math.Min(burst, _tokens + refill);
        _refilledAt = now;
        if (_tokens < cost) return false;
        _tokens -= cost;
        return true;
    }
}
