using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>
/// Who connects to the workload's ports without mesh mTLS, and would be refused if they demanded it. Told once for each
/// connection; the most recent callers are remembered, up to a limit.
/// </summary>
/// <param name="clock">The time.</param>
/// <param name="capacity">The most callers, counted for each port. 1 or more.</param>
public sealed class PlaintextCallers(TimeProvider clock, int capacity)
{
    private readonly ConcurrentDictionary<(int Port, IPAddress Address), PlaintextCaller> _callers = new();
    private readonly Lock _admission = new(); // callers that are new only

    /// <summary>The callers, in no order.</summary>
    public ICollection<PlaintextCaller> All => _callers.Values;

    /// <summary>A connection has come.</summary>
    /// <param name="port">The workload port.</param>
    /// <param name="address">
    /// From where; what only this machine knows of it does not count: the IPv6 form of an IPv4 address, and the link.
    /// </param>
    /// <param name="mode">What the port demands.</param>
    /// <param name="isTls">It is TLS, but not the mesh's.</param>
    /// <returns>Is told when the connection ends.</returns>
    public PlaintextCaller Opened(int port, IPAddress address, InboundTlsMode mode, bool isTls)
    {
        address = Plain(address);
        var caller = _callers.GetValueOrDefault((port, address)) ?? Admit(port, address);
        caller.Opened(mode, isTls);
        return caller;
    }

    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : address is { AddressFamily: AddressFamily.InterNetworkV6, ScopeId: not 0 }
            ? new IPAddress(address.GetAddressBytes())
        : address;

    private PlaintextCaller Admit(int port, IPAddress address)
    {
        lock (_admission)
        {
            if (_callers.TryGetValue((port, address), out var known)) return known;
            if (_callers.Count >= capacity && Oldest() is { } oldest)
            {
                _callers.TryRemove((oldest.Port, oldest.Address), out _);
            }

            return _callers[(port, address)] = new PlaintextCaller(port, address, clock);
        }
    }

    // Who is still there goes last.
    private PlaintextCaller? Oldest() => _callers.Values.MinBy(c => (c.Open > 0, c.LastAt));
}
