using System.Collections.Immutable;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Translation.Clusters;

namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>
/// Fills the listener of a port on whatever address with the chains of the services that have no address of their own:
/// they are known by their networks, by the names that are asked for in a TLS handshake, or, where they have neither, take
/// what is left of the port. Source: Istio, <c>buildSidecarOutboundTCPListener</c>.
/// </summary>
internal static class SharedListener
{
    /// <param name="listener">The listener.</param>
    /// <param name="routes">The routes of its client.</param>
    /// <param name="services">
    /// The services of the port with the networks by which each is known; empty networks for any address.
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

    /// <summary>The virtual addresses of a service, and its networks, each in its one spelling.</summary>
    public static (ImmutableArray<string> Hosts, ImmutableArray<string> Networks) AddressesOf(Service service)
    {
        var all = service.Addresses.Where(a => Addresses.Network(a) is not null).Select(Addresses.Canonical).ToList();
        return ([.. all.Where(Addresses.IsHost).Select(Addresses.HostOf)], [.. all.Where(a => !Addresses.IsHost(a))]);
    }
}
