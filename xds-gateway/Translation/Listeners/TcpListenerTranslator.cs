using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Routes;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>Makes the outbound listeners of connections that are carried as bytes: one for each port of a service.</summary>
/// <remarks>
/// A client of an outbound proxy names whom it calls (CONNECT), so these listeners are known by name: their addresses are
/// all names and literal addresses by which a service may be called. A name belongs to the first that claims it, full
/// hosts before other names, as in route tables. Their chains are those that a stock Envoy has for the service. A service
/// without a virtual address may be called by addresses that nobody can list: those that have it for their network, or
/// all that are nobody's. Such services share one more listener for each port.
/// </remarks>
internal static class TcpListenerTranslator
{
    private const string Everything = "*";

    /// <param name="view">What the client sees.</param>
    /// <param name="outbound">The clusters that it has, where they are at hand.</param>
    public static IEnumerable<Listener> Listeners(ProxyView view, IEnumerable<OutboundCluster>? outbound = null)
    {
        var ports = Ports(view).ToList();
        if (ports.Count == 0) yield break;
        var known = OutboundCluster.NamesOf(outbound ?? OutboundCluster.Of(view));
        var routes = new TcpRoutes(view, known, isByName: true);
        var taken = ports.Select(pair => (pair.Service.Host, pair.Port.Number)).ToHashSet();
        foreach (var (service, port) in ports)
        {
            var others = VirtualHostDomains.NamesOf(service, view.Scope.Namespace)
                .Where(name => !view.IsOnDemand || IsOwn(view, service, name, port.Number))
                .Select(Bare)
                .Where(name => name != Everything && !name.EndsWith('.'))
                .Where(name => taken.Add((name, port.Number)))
                .ToList();
            yield return Listener(routes, service, port, others);
        }

        if (view.IsOnDemand) yield break; // of those services it knows some, and an address may be another's
        var byAddress = new TcpRoutes(view, known);
        foreach (var shared in ports.GroupBy(pair => pair.Port.Number).OrderBy(group => group.Key))
        {
            if (Shared(byAddress, shared.Key, shared) is { } listener) yield return listener;
        }
    }

    /// <summary>
    /// The services that share the listener of a port for whatever address, each with the networks by which it is known there;
    /// empty networks for any address.
    /// </summary>
    /// <param name="view">What the client sees.</param>
    /// <param name="number">The port.</param>
    public static IEnumerable<(Service Service, ServicePort Port, ImmutableArray<string> Networks)> SharingAt(
        ProxyView view, int number) =>
        view.IsOnDemand ? [] : Sharing(Ports(view).Where(pair => pair.Port.Number == number));

    private static IEnumerable<(Service Service, ServicePort Port)> Ports(ProxyView view) =>
        from service in view.Services
        from port in service.Ports
        where port.Protocol.IsTcp() && service.Host != Everything
        select (service, port);

    private static IEnumerable<(Service Service, ServicePort Port, ImmutableArray<string> Networks)> Sharing(
        IEnumerable<(Service Service, ServicePort Port)> services) =>
        from pair in services
        let networks = NetworksOf(pair.Service)
        where networks is not null
        select (pair.Service, pair.Port, networks.Value);

    private static Listener? Shared(
        TcpRoutes routes, int port, IEnumerable<(Service Service, ServicePort Port)> services)
    {
        var listener = new Listener
        {
            Name = $"{ListenerTranslator.NameOf(port)}_tcp", // the other name is that of the requests
            Address = Addresses.Of("0.0.0.0", port),
            BindToPort = false,
            TrafficDirection = TrafficDirection.Outbound,
        };
        OutboundChains.Fill(listener, routes, Sharing(services));
        return listener.FilterChains.Count == 0 && listener.DefaultFilterChain is null ? null : listener;
    }

    // Empty for any address. Null where a service is known by its virtual address, or by those of its members alone, which
    // the sidecar has.
    private static ImmutableArray<string>? NetworksOf(Service service)
    {
        var (hosts, networks) = OutboundChains.AddressesOf(service);
        if (!networks.IsEmpty) return networks;
        if (!hosts.IsEmpty) return null;
        return OutboundChains.IsByPort(service) ? [] : null;
    }

    private static Listener Listener(TcpRoutes routes, Service service, ServicePort port, List<string> others)
    {
        var listener = new Listener
        {
            Name = $"{service.Host}_{port.Number}",
            Address = Addresses.Of(service.Host, port.Number),
            BindToPort = false,
            TrafficDirection = TrafficDirection.Outbound,
        };
        listener.AdditionalAddresses.AddRange(others.Select(name => new AdditionalAddress
        {
            Address = Addresses.Of(name, port.Number),
        }));
        OutboundChains.Fill(listener, routes, [(service, port, [])]);
        return listener;
    }

    // The first that claims a name may be one that is not used, and so not here.
    private static bool IsOwn(ProxyView view, Service service, string name, int port) =>
        new HostDirectory(view.Mesh, view.Scope.Namespace, isTcp: true).OwnerOf(name, port) == service.Host;

    private static string Bare(string name)
    {
        var bare = name.Trim('[', ']');
        return IPAddress.TryParse(bare, out var address) ? address.ToString() : bare.ToLowerInvariant();
    }
}
