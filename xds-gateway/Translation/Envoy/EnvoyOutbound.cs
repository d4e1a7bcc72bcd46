using System.Collections.Immutable;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Routes;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Envoy;

/// <summary>Makes the listeners of what the workload calls.</summary>
/// <remarks>
/// All connections are redirected to the first, which hands each to the listener of the address it was meant for, else
/// to that of the port, and takes itself what is left. A service with a virtual address has a listener for each of its
/// TCP ports; requests, and services that are known by their members or by name only, share one listener per port.
/// </remarks>
internal static class EnvoyOutbound
{
    private static readonly string[] PlaintextHttp = ["http/1.1", "h2c"];

    public static IEnumerable<Listener> Listeners(ProxyView view, IReadOnlySet<string> known)
    {
        var catchAll = ListenerTranslator.CatchAll(view);
        catchAll.FilterChains.Insert(0, EnvoyFilters.BlackHole(catchAll.Name, ListenerTranslator.CapturePort));
        yield return catchAll;

        var routes = new TcpRoutes(view, known);
        var ports = TcpPorts(view).ToList();
        var addressed =
            from pair in ports
            from address in OutboundChains.AddressesOf(pair.Service).Hosts
            group pair by (Address: address, pair.Port.Number) into same
            orderby same.Key.Number, same.Key.Address
            select ForAddress(routes, same.Key.Address, same.Key.Number, same);
        foreach (var listener in addressed) yield return listener;

        var shared = ports.ToLookup(pair => pair.Port.Number);
        var http = HttpPorts(view).ToHashSet();
        foreach (var port in http.Concat(shared.Select(g => g.Key)).Distinct().Order())
        {
            if (ForPort(view, routes, port, http.Contains(port), shared[port]) is { } listener) yield return listener;
        }
    }

    /// <summary>The ports on which requests are routed, ascending. Those of redirection itself are none.</summary>
    public static IEnumerable<int> HttpPorts(ProxyView view) => RouteTranslator.Ports(view).Where(IsFree);

    /// <summary>Whether the listeners depend on who the members of a service are.</summary>
    public static bool NamesMembers(Service service) =>
        service.Addresses.IsEmpty && service.Ports.Any(port => port.Protocol.IsTcp());

    private static bool IsFree(int port) =>
        port is not (ListenerTranslator.CapturePort or InboundListenerTranslator.CapturePort);

    private static IEnumerable<(Service Service, ServicePort Port)> TcpPorts(ProxyView view) =>
        from service in view.Services
        from port in service.Ports
        where port.Protocol.IsTcp() && IsFree(port.Number)
        select (service, port);

    private static Listener ForAddress(
        TcpRoutes routes, string address, int port, IEnumerable<(Service Service, ServicePort Port)> services)
    {
        var listener = Unbound($"{address}_{port}", address, port);
        var book = new ChainBook();
        foreach (var (service, servicePort) in services)
        {
            foreach (var route in routes.Of(service, servicePort, []))
            {
                listener.FilterChains.AddRange(book.Chains(ClusterName.Outbound(service.Host, port), route));
            }
        }

        Inspect(listener, isHttp: false);
        return listener;
    }

    private static Listener? ForPort(
        ProxyView view,
        TcpRoutes routes,
        int port,
        bool isHttp,
        IEnumerable<(Service Service, ServicePort Port)> services)
    {
        var listener = Unbound(ListenerTranslator.NameOf(port), "0.0.0.0", port);
        OutboundChains.Fill(
            listener,
            routes,
            from pair in services
            from networks in NetworksOf(view, pair.Service, pair.Port)
            select (pair.Service, pair.Port, networks));
        if (isHttp) listener.FilterChains.Add(Requests(view, port));
        if (listener.FilterChains.Count == 0 && listener.DefaultFilterChain is null) return null;
        listener.DefaultFilterChain ??= new FilterChain
        {
            Name = "PassthroughFilterChain",
            Filters = { ListenerTranslator.Tcp(ListenerTranslator.Fallback(view)) },
        };
        Inspect(listener, isHttp);
        return listener;
    }

    private static FilterChain Requests(ProxyView view, int port) => new()
    {
        Name = $"http|{port}",
        FilterChainMatch = new() { TransportProtocol = "raw_buffer", ApplicationProtocols = { PlaintextHttp } },
        Filters = { ListenerTranslator.Http(view, port) },
    };

    /// <summary>
    /// By what connections to a service are known that has no listener of its own: its networks, or where it has no
    /// address at all its members. Empty ones where it is known by name or port; none when there is nothing to be known by.
    /// </summary>
    private static IEnumerable<ImmutableArray<string>> NetworksOf(ProxyView view, Service service, ServicePort port)
    {
        var (hosts, networks) = OutboundChains.AddressesOf(service);
        if (!networks.IsEmpty) yield return networks;
        if (!networks.IsEmpty || !hosts.IsEmpty) yield break;
        ImmutableArray<string> members = OutboundChains.IsByMember(service, port)
            ? [.. EnvoyCluster.LiteralMembers(view, service, port).Select(e => e.Workload.Address)]
            : [];
        if (!members.IsEmpty) yield return members;
        if (OutboundChains.IsByPort(service) || (members.IsEmpty && port.Protocol.IsTls())) yield return [];
    }

    private static Listener Unbound(string name, string address, int port) => new()
    {
        Name = name,
        Address = Addresses.Of(address, port),
        BindToPort = false,
        TrafficDirection = TrafficDirection.Outbound,
    };

    /// <summary>Looks at the first bytes only where a chain asks for it: others need not wait for them.</summary>
    private static void Inspect(Listener listener, bool isHttp)
    {
        if (!isHttp && listener.FilterChains.All(c => c.FilterChainMatch is not { ServerNames.Count: > 0 })) return;
        listener.ListenerFilters.Add(EnvoyFilters.TlsInspector());
        if (isHttp) listener.ListenerFilters.Add(EnvoyFilters.HttpInspector());
        EnvoyFilters.SetPatience(listener);
    }
}
