using MeshOrleans.Proxy.Dataplane.Telemetry;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>The bytes of one relayed connection, counted for itself and for its series.</summary>
/// <remarks>Each direction is counted by one writer at a time.</remarks>
internal sealed class RelayCount(ProxyMetrics.ConnectionSeries series, TimeProvider clock)
{
    private long _sent;
    private long _received;
    private long _lastAt;

    /// <summary>Bytes that the caller was sent.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Bytes that the caller has sent.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>When bytes were last carried, either way, as a timestamp of the clock; 0 for never.</summary>
    public long LastAt => Volatile.Read(ref _lastAt);

    public void Open() => Interlocked.Increment(ref series.Opened);

    public void Close() => Interlocked.Increment(ref series.Closed);

    public void AddSent(int bytes)
    {
        Interlocked.Add(ref series.Sent, bytes);
        Volatile.Write(ref _sent, _sent + bytes);
        Volatile.Write(ref _lastAt, clock.GetTimestamp());
    }

    public void AddReceived(int bytes)
    {
        Interlocked.Add(ref series.Received, bytes);
        Volatile.Write(ref _received, _received + bytes);
        Volatile.Write(ref _lastAt, clock.GetTimestamp());
    }
}
