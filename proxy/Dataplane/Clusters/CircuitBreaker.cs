using System.Diagnostics.CodeAnalysis;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>
/// Keeps the limits of one cluster. What is over a limit is refused at once, never queued beyond the bound.
/// </summary>
/// <remarks>
/// A cluster whose protocol is HTTP/1.1 promises one connection per request in flight. The hop between sidecars carries
/// many requests on one connection, but the user's limit means what it says: so many requests side by side.
/// </remarks>
internal sealed class CircuitBreaker
{
    private volatile Gate? _connections;
    private long _requests;
    private long _retries;
    private long _overflows;
    private long _connectionOverflows;
    private CircuitLimits _limits = CircuitLimits.None;

    public long ActiveRequests => Interlocked.Read(ref _requests);

    public long PendingRequests => _connections?.Pending ?? 0;

    /// <summary>How many requests were refused because the cluster had as many as it may.</summary>
    public long Overflows => Interlocked.Read(ref _overflows);

    /// <summary>How many connections of bytes were refused for that.</summary>
    public long ConnectionOverflows => Interlocked.Read(ref _connectionOverflows);

    /// <summary>Whether it limits anything beyond what the protocol does.</summary>
    public bool IsLimited => _limits != CircuitLimits.None;

    public void Configure(ClusterModel model)
    {
        _limits = model.Limits;
        var places = model.Protocol is UpstreamProtocol.Http2 ? CircuitLimits.Unlimited : model.Limits.MaxConnections;
        var waiting = model.Limits.MaxPendingRequests;
        if (places >= int.MaxValue) _connections = null;
        else if (_connections is not { } gate || gate.Places != places || gate.Waiting != waiting)
        {
            _connections = new Gate((int)places, waiting);
        }
    }

    /// <summary>Counts a request in; false when there are too many.</summary>
    public bool TryBeginRequest()
    {
        if (Interlocked.Increment(ref _requests) <= _limits.MaxRequests) return true;
        Interlocked.Decrement(ref _requests);
        Interlocked.Increment(ref _overflows);
        return false;
    }

    public void EndRequest() => Interlocked.Decrement(ref _requests);

    /// <summary>Counts a retry in; false when there are too many.</summary>
    public bool TryBeginRetry()
    {
        var most = _limits.RetryBudget is { } budget ? budget.Most(ActiveRequests) : _limits.MaxRetries;
        if (Interlocked.Increment(ref _retries) <= most) return true;
        Interlocked.Decrement(ref _retries);
        return false;
    }

    public void EndRetry() => Interlocked.Decrement(ref _retries);

    /// <summary>Takes a connection's place, waiting within the bound.</summary>
    /// <returns>
    /// What to release; null when the cluster has no limit; <see cref="Gate.Full"/> when the queue is full.
    /// </returns>
    public ValueTask<Gate?> EnterAsync(CancellationToken cancellationToken)
    {
        if (_connections is not { } gate) return default;
        if (gate.TryEnterOrWait(cancellationToken, out var entered)) return entered;
        Interlocked.Increment(ref _overflows);
        return new(Gate.Full);
    }

    /// <summary>Takes the place of a connection that carries one call of bytes and cannot wait.</summary>
    /// <param name="gate">What to release; null when the cluster has no limit.</param>
    /// <returns>False when there are as many connections as there may be.</returns>
    public bool TryEnter(out Gate? gate)
    {
        gate = _connections;
        if (gate is null || gate.TryEnter()) return true;
        gate = null;
        Interlocked.Increment(ref _connectionOverflows);
        return false;
    }

    /// <summary>So many side by side, so many waiting.</summary>
    [SuppressMessage(
        "Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle nobody asks for holds nothing.")]
    internal sealed class Gate(int places, long waiting)
    {
        private readonly SemaphoreSlim _free = new(places);
        private long _pending;

        /// <summary>Stands for "no place and no room to wait".</summary>
        public static Gate Full { get; } = new(1, 0);

        public long Places => places;

        public long Waiting => waiting;

        public long Pending => Interlocked.Read(ref _pending);

        public void Release() => _free.Release();

        public bool TryEnter() => _free.Wait(0, CancellationToken.None);

        /// <summary>Takes a place, or waits for one; false when there is no room to wait.</summary>
        public bool TryEnterOrWait(CancellationToken cancellationToken, out ValueTask<Gate?> entered)
        {
            entered = new(this);
            if (TryEnter()) return true;
            if (Interlocked.Increment(ref _pending) > waiting)
            {
                Interlocked.Decrement(ref _pending);
                return false;
            }

            entered = WaitAsync(cancellationToken);
            return true;
        }

        private async ValueTask<Gate?> WaitAsync(CancellationToken cancellationToken)
        {
            try
            {
                await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
                return this;
            }
            finally
            {
                Interlocked.Decrement(ref _pending);
            }
        }
    }
}
