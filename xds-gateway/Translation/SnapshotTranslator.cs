using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Translation.Proxyless;

namespace MeshOrleans.Xds.Translation;

/// <summary>Turns what the mesh knows into what one proxy needs.</summary>
/// <remarks>
/// Pure: equal inputs give equal bytes on every machine, in whatever order the mesh learnt its facts.
/// </remarks>
public static class SnapshotTranslator
{
    /// <summary>All resources of a proxy scope, secrets apart.</summary>
    public static ResourceSet Translate(TranslationInput input)
    {
        var view = new ProxyView(input);
        if (view.Scope.Mode is ProxyMode.Proxyless) return ProxylessTranslator.Translate(view);
        var outbound = OutboundCluster.Of(view);
        var inbound = InboundPort.Of(view);
        var ports = view.Scope.Mode is ProxyMode.Sidecar ? RouteTranslator.Ports(view).ToList() : [];
        return new ResourceSet(
            ResourceGroup.Of(TypeUrls.Cluster, Clusters(view, outbound, inbound), cluster => cluster.Name),
            ResourceGroup.Of(
                TypeUrls.ClusterLoadAssignment,
                outbound.Where(c => c.Discovery is Cluster.Types.DiscoveryType.Eds)
                    .Select(c => ClusterLoadAssignmentTranslator.Translate(view, c)),
                assignment => assignment.ClusterName),
            ResourceGroup.Of(TypeUrls.Listener, Listeners(view, ports, inbound), listener => listener.Name),
            ResourceGroup.Of(
                TypeUrls.RouteConfiguration,
                ports.Select(port => RouteTranslator.Translate(view, port)),
                routes => routes.Name));
    }

    private static IEnumerable<Cluster> Clusters(
        ProxyView view, IEnumerable<OutboundCluster> outbound, IEnumerable<InboundPort> inbound) =>
        [
            .. outbound.Select(cluster => ClusterTranslator.Outbound(view, cluster)),
            .. inbound.Select(ClusterTranslator.Inbound),
            ClusterTranslator.Passthrough(),
            ClusterTranslator.BlackHole(),
        ];

    private static IEnumerable<Listener> Listeners(
        ProxyView view, IEnumerable<int> ports, IReadOnlyCollection<InboundPort> inbound)
    {
        if (view.Scope.Mode is not ProxyMode.Sidecar) yield break;
        yield return ListenerTranslator.CatchAll(view);
        foreach (var port in ports) yield return ListenerTranslator.Outbound(view, port);
        if (InboundListenerTranslator.Translate(view, inbound) is { } listener) yield return listener;
    }
}
