using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Translation.Clusters;

namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>The chains of listeners of outbound connections whose bytes are carried.</summary>
internal static class OutboundChains
{
    /// <summary>
    /// Fills a listener with the chains of the services that share it. Those without an address of their own share one on
    /// whatever address: they are known by their networks, by the names that are asked for in a TLS handshake, or, where they
    /// have neither, take what is left of the port. Source: Istio, <c>buildSidecarOutboundTCPListener</c>.
    /// </summary>
    /// <param name="listener">The listener.</param>
    /// <param name="routes">The routes of its client.</param>
    /// <param name="services">
    /// The services with the networks by which each is known there; empty networks for any address.
    /// </param>
    public static void Fill(
        Listener listener,
        TcpRoutes routes,
        IEnumerable<(Service Service, ServicePort Port, ImmutableArray<string> Networks)> services)
    {
        var book = new ChainBook();
        foreach (var (service, port, networks) in services)
        {
            foreach (var route in routes.Of(service, port, networks))
            {
                var chains = book.Chains(ClusterName.Outbound(service.Host, port.Number), route);
                if (route.IsForAll) listener.DefaultFilterChain ??= chains.FirstOrDefault();
                else listener.FilterChains.AddRange(chains);
            }
        }
    }

    /// <summary>
    /// Whether a service without a virtual address is known by those of its members. An entry takes every address of its port
    /// besides; its TLS goes by the name that is asked for. Source: Istio, <c>buildSidecarOutboundListeners</c>.
    /// </summary>
    public static bool IsByMember(Service service, ServicePort port) =>
        service.Resolution is ServiceResolution.Static && (!port.Protocol.IsTls() || !IsByPort(service));

    /// <summary>Whether a service without a virtual address takes what is nobody's on its port.</summary>
    public static bool IsByPort(Service service) =>
        service.Resolution is not ServiceResolution.Static || service.Origin is ServiceOrigin.ServiceEntry;

    /// <summary>The virtual addresses of a service, and its networks, each in its one spelling.</summary>
    public static (ImmutableArray<string> Hosts, ImmutableArray<string> Networks) AddressesOf(Service service)
    {
        var all = service.Addresses.Where(a => Addresses.Network(a) is not null).Select(Addresses.Canonical).ToList();
        return ([.. all.Where(Addresses.IsHost).Select(Addresses.HostOf)], [.. all.Where(a => !Addresses.IsHost(a))]);
    }
}
