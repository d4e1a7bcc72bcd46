namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>The connections to the members of one cluster, of every kind and whatever they carry.</summary>
internal sealed class ConnectionCount
{
    private long _active;
    private long _total;
    private long _failed;

    /// <summary>How many are open.</summary>
    public long Active => Interlocked.Read(ref _active);

    /// <summary>How many there have been.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>How many did not come about.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    public void Open()
    {
        Interlocked.Increment(ref _total);
        Interlocked.Increment(ref _active);
    }

    public void Close() => Interlocked.Decrement(ref _active);

    public void Fail() => Interlocked.Increment(ref _failed);
}
