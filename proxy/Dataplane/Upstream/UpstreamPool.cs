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

/// <summary>
/// The connections to one endpoint of one kind. Counted by leases, so a retired pool ends with its last request.
/// </summary>
internal sealed class UpstreamPool(HttpMessageInvoker invoker, PoolKind kind, UpstreamSettings settings)
{
    private int _leases = 1; // the owner's
    private int _retired;
    private int _served;

    public UpstreamSettings Settings => settings;

    public PoolKind Kind => kind;

    public HttpMessageInvoker Invoker => invoker;

    public Version Version => kind is PoolKind.PlainHttp2 or PoolKind.MeshHttp2 or PoolKind.SimpleHttp2
        ? System.Net.HttpVersion.Version20
        : System.Net.HttpVersion.Version11;

    /// <summary>
    /// Takes a lease; false when the pool has ended, or has carried as many requests as a connection may.
    /// </summary>
    public bool TryEnter()
    {
        if (settings.MaxRequestsPerConnection > 0
            && Interlocked.Increment(ref _served) > settings.MaxRequestsPerConnection)
        {
            return false;
        }

        var leases = Volatile.Read(ref _leases);
        while (leases > 0)
        {
            var seen = Interlocked.CompareExchange(ref _leases, leases + 1, leases);
            if (seen == leases) return true;
            leases = seen;
        }

        return false;
    }

    public void Exit()
    {
        if (Interlocked.Decrement(ref _leases) == 0) invoker.Dispose();
    }

    /// <summary>No new requests; the connections close after the last one.</summary>
    public void Retire()
    {
        if (Interlocked.Exchange(ref _retired, 1) == 0) Exit();
    }
}
