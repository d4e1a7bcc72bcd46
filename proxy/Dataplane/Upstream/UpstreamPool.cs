namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>How a connection is made and what is spoken on it.</summary>
internal enum PoolKind
{
    PlainHttp1,
    PlainHttp2,
    MeshHttp1,
    MeshHttp2,
    SimpleHttp1,
    SimpleHttp2,
    Count,
}

/// <summary>What became of the wish for a lease.</summary>
internal enum PoolEntry
{
    /// <summary>There is one.</summary>
    Entered,

    /// <summary>There may be one when another has ended: the one connection carries all that it may.</summary>
    Busy,

    /// <summary>There will be none: the pool has ended, or carried all that it may.</summary>
    Spent,
}

/// <summary>
/// The connections to one endpoint of one kind. Counted by leases, so a retired pool ends with its last request. Where
/// the streams of a connection are limited, a pool is one connection, and a busy one has others beside it.
/// </summary>
internal sealed class UpstreamPool(HttpMessageInvoker invoker, PoolKind kind, UpstreamSettings settings)
{
    private int _leases = 1; // the owner's
    private int _retired;
    private int _served;
    private int _streams;
    private readonly int _maxStreams = kind is PoolKind.PlainHttp2 or PoolKind.MeshHttp2 or PoolKind.SimpleHttp2
        ? settings.Connection.MaxStreams
        : 0;

    public UpstreamSettings Settings => settings;

    public PoolKind Kind => kind;

    public HttpMessageInvoker Invoker => invoker;

    public Version Version => kind is PoolKind.PlainHttp2 or PoolKind.MeshHttp2 or PoolKind.SimpleHttp2
        ? System.Net.HttpVersion.Version20
        : System.Net.HttpVersion.Version11;

    /// <summary>Another pool of the same kind and settings, older than this one; null when there is none.</summary>
    public UpstreamPool? Next { get; set; }

    public bool IsRetired => Volatile.Read(ref _retired) != 0;

    /// <summary>Takes a lease, if there is one to take.</summary>
    public PoolEntry TryEnter()
    {
        if (_maxStreams > 0 && Interlocked.Increment(ref _streams) > _maxStreams)
        {
            Interlocked.Decrement(ref _streams);
            return PoolEntry.Busy;
        }

        if (TryLease()) return PoolEntry.Entered;
        if (_maxStreams > 0) Interlocked.Decrement(ref _streams);
        return PoolEntry.Spent;
    }

    public void Exit()
    {
        if (_maxStreams > 0) Interlocked.Decrement(ref _streams);
        Release();
    }

    /// <summary>No new requests; the connections close after the last one.</summary>
    public void Retire()
    {
        if (Interlocked.Exchange(ref _retired, 1) == 0) Release();
    }

    private bool TryLease()
    {
        var most = settings.Connection.MaxRequests;
        if (most > 0 && Interlocked.Increment(ref _served) > most) return false;
        var leases = Volatile.Read(ref _leases);
        while (leases > 0)
        {
            var seen = Interlocked.CompareExchange(ref _leases, leases + 1, leases);
            if (seen == leases) return true;
            leases = seen;
        }

        return false;
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _leases) == 0) invoker.Dispose();
    }
}
