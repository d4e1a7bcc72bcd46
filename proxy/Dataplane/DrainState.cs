namespace MeshOrleans.Proxy.Dataplane;

/// <summary>Whether the proxy still takes new work, and how much it has in hand.</summary>
public sealed class DrainState
{
    private int _inFlight;
    private volatile bool _draining;

    /// <summary>How long requests in flight may take to finish.</summary>
    /// <value>45 s.</value>
    public static TimeSpan Cap { get; } = TimeSpan.FromSeconds(45);

    /// <summary>True once draining has begun: not ready, and connections are asked to go elsewhere.</summary>
    public bool IsDraining => _draining;

    /// <summary>Requests and relayed connections that have not ended.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>From now on every response closes its connection. Cannot be taken back.</summary>
    public void Begin() => _draining = true;

    internal void Enter() => Interlocked.Increment(ref _inFlight);

    internal void Exit() => Interlocked.Decrement(ref _inFlight);
}
