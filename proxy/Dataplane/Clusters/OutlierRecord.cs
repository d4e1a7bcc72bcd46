namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>
/// How one endpoint has behaved. Counters are exact enough without a lock; ejection itself is guarded.
/// </summary>
internal sealed class OutlierRecord
{
    public int Consecutive5xx;
    public int ConsecutiveGateway;
    public int ConsecutiveLocal;

    private long _ejectedAt;
    private int _ejected;

    public bool IsEjected => Volatile.Read(ref _ejected) != 0;

    /// <summary>How many ejections the next one is multiplied by; falls again while the endpoint behaves.</summary>
    public int Ejections { get; private set; }

    /// <summary>The timestamp of the last ejection.</summary>
    public long EjectedAt => Volatile.Read(ref _ejectedAt);

    /// <returns>False when it was ejected already.</returns>
    public bool TryEject(long now)
    {
        if (Interlocked.CompareExchange(ref _ejected, 1, 0) != 0) return false;
        Volatile.Write(ref _ejectedAt, now);
        Ejections++;
        return true;
    }

    public void Readmit()
    {
        Consecutive5xx = ConsecutiveGateway = ConsecutiveLocal = 0;
        Volatile.Write(ref _ejected, 0);
    }

    public void Forgive() => Ejections = Math.Max(0, Ejections - 1);
}
