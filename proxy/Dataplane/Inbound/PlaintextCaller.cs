using System.Net;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>
/// One address that has connected to one workload port without mesh mTLS. Written by its connections without a lock;
/// each value is right by itself.
/// </summary>
public sealed class PlaintextCaller
{
    private readonly TimeProvider _clock;
    private long _lastAt;
    private long _connections;
    private int _open;
    private int _mode;
    private int _isTls;

    internal PlaintextCaller(int port, IPAddress address, TimeProvider clock)
    {
        (Port, Address, _clock) = (port, address, clock);
        FirstAt = _lastAt = clock.GetTimestamp();
    }

    /// <summary>The workload port.</summary>
    public int Port { get; }

    /// <summary>The caller.</summary>
    public IPAddress Address { get; }

    /// <summary>When it first came, as a timestamp of the clock.</summary>
    public long FirstAt { get; }

    /// <summary>When it last came, or its last open connection ended, as a timestamp of the clock.</summary>
    public long LastAt => Interlocked.Read(ref _lastAt);

    /// <summary>How many connections there were.</summary>
    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>How many of them are open.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>What the port demanded when the caller last came.</summary>
    public InboundTlsMode Mode => (InboundTlsMode)Volatile.Read(ref _mode);

    /// <summary>The last connection was TLS, but not the mesh's.</summary>
    public bool IsTls => Volatile.Read(ref _isTls) != 0;

    /// <summary>The connection has ended.</summary>
    public void Closed()
    {
        Interlocked.Exchange(ref _lastAt, _clock.GetTimestamp());
        Interlocked.Decrement(ref _open);
    }

    internal void Opened(InboundTlsMode mode, bool isTls)
    {
        Volatile.Write(ref _mode, (int)mode);
        Volatile.Write(ref _isTls, isTls ? 1 : 0);
        Interlocked.Increment(ref _open);
        Interlocked.Increment(ref _connections);
        Interlocked.Exchange(ref _lastAt, _clock.GetTimestamp());
    }
}
