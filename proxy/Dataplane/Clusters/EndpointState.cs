using MeshOrleans.Proxy.Dataplane.Upstream;

namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>What the proxy knows about one address of one cluster. Lives on when the model is swapped.</summary>
/// <param name="since">The timestamp from which it is known.</param>
internal sealed class EndpointState(long since)
{
    private readonly UpstreamPool?[] _pools = new UpstreamPool?[(int)PoolKind.Count];
    private int _active;
    private volatile bool _retired;

    /// <summary>The timestamp from which it is known.</summary>
    public long Since => since;

    /// <summary>Requests in flight.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>The outlier counters.</summary>
    public OutlierRecord Outlier { get; } = new();

    /// <summary>What checks have found.</summary>
    public HealthRecord Health { get; } = new();

    /// <summary>Not to be chosen for a while, whatever the control plane says.</summary>
    public bool IsOut => Outlier.IsEjected || Health.IsUnhealthy;

    public void Begin() => Interlocked.Increment(ref _active);

    public void End() => Interlocked.Decrement(ref _active);

    /// <summary>Leases a pool; the caller gives it back with <see cref="UpstreamPool.Exit"/>.</summary>
    public UpstreamPool Acquire(PoolKind kind, ClusterPlan plan, UpstreamPoolFactory factory)
    {
        ref var place = ref _pools[(int)kind];
        while (true)
        {
            var current = Volatile.Read(ref place);
            var isBusy = false;
            if (current is not null && ReferenceEquals(current.Settings, plan.Settings))
            {
                if (Enter(current, out isBusy) is { } entered) return entered;
            }

            var fresh = factory.Create(kind, plan.Settings);
            fresh.TryEnter();
            if (isBusy) fresh.Next = current;
            if (!_retired && Interlocked.CompareExchange(ref place, fresh, current) == current)
            {
                if (!isBusy) RetireAll(current);
                if (_retired) RetireConnections(meshOnly: false);
                return fresh;
            }

            fresh.Next = null;
            fresh.Retire();

            // It serves this one request: the endpoint has left the model, or another pool was faster. Where
            // connections are to be filled, the other one's is tried first.
            if (_retired || plan.Settings.Connection.MaxStreams == 0) return fresh;
            fresh.Exit();
        }
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
            RetireAll(Interlocked.Exchange(ref _pools[i], null));
        }
    }

    private static UpstreamPool? Enter(UpstreamPool first, out bool isBusy)
    {
        isBusy = false;
        for (var pool = first; pool is not null; pool = pool.Next)
        {
            var entry = pool.TryEnter();
            if (entry is PoolEntry.Entered) return pool;
            isBusy |= entry is PoolEntry.Busy;
            if (entry is PoolEntry.Spent) pool.Retire();
            if (pool.Next is { IsRetired: true } gone) pool.Next = gone.Next;
        }

        return null;
    }

    private static void RetireAll(UpstreamPool? pool)
    {
        for (; pool is not null; pool = pool.Next) pool.Retire();
    }
}
