using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Translation.Scopes;

/// <summary>What the Sidecar resource of a workload lets it see.</summary>
/// <remarks>
/// A port that listeners name is seen at the hosts that those list, every other port at those of the listeners without a
/// port. Source: Istio, <c>IstioEgressListenerWrapper.selectServices</c> and <c>GetEgressListenerForRDS</c>.
/// </remarks>
internal sealed class EgressScope
{
    private const int AnyPort = 0;

    private readonly string ownNamespace;
    private readonly ImmutableArray<Listener> listeners;

    private EgressScope(string ownNamespace, Sidecar? sidecar)
    {
        this.ownNamespace = ownNamespace;
        Mode = sidecar?.OutboundTrafficPolicy?.Mode;
        listeners = sidecar is null
            ? []
            : [.. sidecar.Egress.Select(e => new Listener(PortOf(e), [.. e.Hosts.Select(Split)]))];
        SeesAll = sidecar is null || sidecar.Egress.IsEmpty;
    }

    /// <summary>What happens to unknown hosts; null when the resource does not say.</summary>
    public OutboundTrafficMode? Mode { get; }

    /// <summary>True when nothing is hidden.</summary>
    public bool SeesAll { get; }

    /// <summary>Hides nothing from the clients of a namespace.</summary>
    public static EgressScope Everything(string ownNamespace) => new(ownNamespace, null);

    public static EgressScope Of(MeshIndex mesh, ProxyScope scope) =>
        new(scope.Namespace, SidecarChoice.Of(mesh, scope));

    /// <summary>
    /// Whether the workload sees a host of a namespace on any port. What a listener excludes with <c>~</c> is not among
    /// its hosts.
    /// </summary>
    public bool Sees(string ns, string host)
    {
        if (SeesAll) return true;
        foreach (var listener in listeners)
        {
            if (Has(listener, ns, host)) return true;
        }

        return false;
    }

    /// <summary>Whether the workload sees a host of a namespace on a port.</summary>
    public bool Sees(string ns, string host, int port)
    {
        if (SeesAll) return true;
        var wanted = listeners.Any(listener => listener.Port == port) ? port : AnyPort;
        foreach (var listener in listeners)
        {
            if (listener.Port == wanted && Has(listener, ns, host)) return true;
        }

        return false;
    }

    /// <summary>What the workload sees of a service; null when it sees none of its ports.</summary>
    public Service? Narrow(Service service)
    {
        if (!Sees(service.Namespace, service.Host)) return null;
        if (listeners.All(listener => listener.Port == AnyPort)) return service;
        ImmutableArray<ServicePort> ports =
            [.. service.Ports.Where(port => Sees(service.Namespace, service.Host, port.Number))];
        return ports.Length == service.Ports.Length ? service
            : ports.IsEmpty ? null
            : service with { Ports = ports };
    }

    private bool Has(Listener listener, string ns, string host)
    {
        var seen = false;
        foreach (var entry in listener.Hosts)
        {
            var hides = entry.Namespace.StartsWith('~');
            var owner = hides ? entry.Namespace[1..] : entry.Namespace;
            if (!IsNamespace(owner, ns) || !HostName.Matches(entry.Host, host)) continue;
            if (hides) return false;
            seen = true;
        }

        return seen;
    }

    // An HTTP proxy, or a listener on a Unix socket, serves its hosts whatever their ports are.
    private static int PortOf(SidecarEgress egress) =>
        egress.Port is { } port
        && !port.Protocol.Equals(SidecarEgress.HttpProxy, StringComparison.OrdinalIgnoreCase)
        && !egress.Bind.StartsWith("unix:", StringComparison.Ordinal)
            ? port.Number
            : AnyPort;

    private static (string Namespace, string Host) Split(string entry)
    {
        var slash = entry.IndexOf('/');
        return slash < 0 ? ("*", entry) : (entry[..slash], entry[(slash + 1)..]);
    }

    /// <summary>A bare <c>~</c> (here empty) names no namespace: <c>~/*</c> sees nothing by itself.</summary>
    private bool IsNamespace(string pattern, string ns) => pattern switch
    {
        "" => false,
        "*" => true,
        "." => ns == ownNamespace,
        _ => pattern == ns,
    };

    private sealed record Listener(int Port, ImmutableArray<(string Namespace, string Host)> Hosts);
}
