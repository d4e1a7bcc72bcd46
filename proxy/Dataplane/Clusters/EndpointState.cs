using MeshOrleans.Proxy.Dataplane.Upstream;

namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>What the proxy knows about one address of one cluster. Lives on when the model is swapped.</summary>
internal sealed class EndpointState
{
    private readonly UpstreamPool?[] _pools = new UpstreamPool?[(int)PoolKind.Count];
    private int _active;
    private volatile bool _retired;

    /// <summary>Requests in flight.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>The outlier counters.</summary>
    public OutlierRecord Outlier { get; } = new();

    public void Begin() => Interlocked.Increment(ref _active);

    public void End() => Interlocked.Decrement(ref _active);

    /// <summary>Leases a pool; the caller gives it back with <see cref="UpstreamPool.Exit"/>.</summary>
    public UpstreamPool Acquire(PoolKind kind, ClusterPlan plan, UpstreamPoolFactory factory)
    {
        ref var place = ref _pools[(int)kind];
        var current = Volatile.Read(ref place);
        if (current is not null && ReferenceEquals(current.Settings, plan.Settings) && current.TryEnter())
        {
            return current;
        }

        var fresh = factory.Create(kind, plan.Settings);
        fresh.TryEnter();
        if (_retired || Interlocked.CompareExchange(ref place, fresh, current) != current)
        {
            fresh.Retire(); // serves this one request: the endpoint has left the model, or another pool was faster
            return fresh;
        }

        current?.Retire();
        if (_retired) RetireConnections(meshOnly: false);
        return fresh;
    }

    /// <summary>The endpoint has left the model: connections close as soon as their requests have ended.</summary>
    public void Retire()
    {
        _retired = true;
        RetireConnections(meshOnly: false);
    }

    /// <summary>New requests make new connections; running ones end on the old.</summary>
    public void RetireConnections(bool meshOnly)
    {
        for (var i = 0; i < _pools.Length; i++)
        {
            if (meshOnly && (PoolKind)i is not (PoolKind.MeshHttp1 or PoolKind.MeshHttp2)) continue;
            Interlocked.Exchange(ref _pools[i], null)?.Retire();
        }
    }
}
