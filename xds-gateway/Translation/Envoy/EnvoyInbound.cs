using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Policies;
using MeshOrleans.Xds.Translation.Scopes;
using MeshOrleans.Xds.Translation.Tls;

namespace MeshOrleans.Xds.Translation.Envoy;

/// <summary>Makes the listener to which everything is redirected that comes for the workload.</summary>
/// <remarks>
/// The original-destination filter restores the port that was meant, by which the chain is chosen. A port that nobody
/// has declared is passed through under the same policies. Handshakes that offer no ALPN of the mesh are the
/// application's own TLS, and pass where mTLS is not demanded. A connection that no chain takes is closed: so is all of
/// a port that demands mTLS of an Envoy that has no certificate. Connections are not handed to other listeners: one
/// that comes for a port must not be taken for one that goes out to it.
/// </remarks>
internal static class EnvoyInbound
{
    private const string Tls = "tls";
    private const string Plaintext = "raw_buffer";

    public static Listener Listener(ProxyView view)
    {
        var listener = new Listener
        {
            Name = InboundListenerTranslator.Name,
            Address = Addresses.Of("0.0.0.0", InboundListenerTranslator.CapturePort),
            TrafficDirection = TrafficDirection.Inbound,
            ListenerFilters = { EnvoyFilters.OriginalDst(), EnvoyFilters.TlsInspector() },
        };
        EnvoyFilters.SetPatience(listener);
        listener.FilterChains.Add(EnvoyFilters.BlackHole(listener.Name, InboundListenerTranslator.CapturePort));
        var ports = InboundPort.Of(view)
            .Where(port => port.Number != InboundListenerTranslator.CapturePort)
            .ToDictionary(port => port.Number);
        foreach (var port in ports.Values.OrderBy(p => p.Number)) listener.FilterChains.AddRange(Declared(view, port));
        foreach (var number in AuthenticationScope.PortsOf(view.Mesh, view.Scope.Namespace, view.Scope.Labels))
        {
            if (ports.ContainsKey(number) || number == InboundListenerTranslator.CapturePort) continue;
            listener.FilterChains.AddRange(Passthrough(view, number));
        }

        listener.FilterChains.AddRange(Passthrough(view, 0));
        return listener;
    }

    private static IEnumerable<FilterChain> Declared(ProxyView view, InboundPort port) => Chains(
        view,
        port,
        $"{port.Number}",
        () => InboundListenerTranslator.FiltersOf(view, port),
        () => InboundListenerTranslator.FiltersOf(view, port with { Protocol = AppProtocol.Tcp }));

    /// <param name="number">A port of which a policy speaks; 0 for all others.</param>
    private static IEnumerable<FilterChain> Passthrough(ProxyView view, int number)
    {
        var port = new InboundPort(number, AppProtocol.Tcp);
        return Chains(view, port, number > 0 ? $"passthrough|{number}" : "passthrough", Filters, Filters);

        IEnumerable<Filter> Filters() =>
            [.. RbacTranslator.NetworkFilters(view, port), ListenerTranslator.Tcp(ClusterName.InboundPassthrough)];
    }

    private static IEnumerable<FilterChain> Chains(
        ProxyView view,
        InboundPort port,
        string name,
        Func<IEnumerable<Filter>> filters,
        Func<IEnumerable<Filter>> foreignTls)
    {
        var mode = AuthenticationScope.ModeOf(view.Mesh, view.Scope.Namespace, view.Scope.Labels, port.Number);
        if (mode is not MutualTlsMode.Disable && MeshTls.Server(view.Scope) is { } tls)
        {
            var chain = Chain($"inbound|{name}|tls", port, Tls, filters());
            if (mode is MutualTlsMode.Permissive)
            {
                chain.FilterChainMatch.ApplicationProtocols.AddRange(MeshTls.ClientAlpns);
            }

            chain.TransportSocket = InboundListenerTranslator.Socket(tls, port.Protocol);
            yield return chain;
        }

        if (mode is MutualTlsMode.Strict) yield break;
        yield return Chain($"inbound|{name}|plaintext", port, Plaintext, filters());
        yield return Chain($"inbound|{name}|foreign-tls", port, Tls, foreignTls());
    }

    private static FilterChain Chain(
        string name, InboundPort port, string transport, IEnumerable<Filter> filters) => new()
    {
        Name = name,
        FilterChainMatch = new FilterChainMatch
        {
            DestinationPort = port.Number > 0 ? (uint)port.Number : null,
            TransportProtocol = transport,
        },
        Filters = { filters },
    };
}
