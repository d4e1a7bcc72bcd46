using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Edge;
using MeshOrleans.Xds.Translation.Envoy;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Proxyless;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Routes;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation;

/// <summary>Turns what the mesh knows into what one proxy needs.</summary>
/// <remarks>
/// Pure: equal inputs give equal bytes on every machine, in whatever order the mesh learnt its facts.
/// </remarks>
public static class SnapshotTranslator
{
    /// <summary>All resources of a proxy scope, secrets apart.</summary>
    public static ResourceSet Translate(TranslationInput input) =>
        Translate(new ProxyView(MeshIndex.Of(input.Snapshot), input.Scope));

    /// <summary>All resources of what a proxy scope sees.</summary>
    internal static ResourceSet Translate(ProxyView view)
    {
        if (view.Scope.Mode is ProxyMode.Proxyless) return ProxylessTranslator.Translate(view);
        if (view.Scope.Mode is ProxyMode.Envoy) return EnvoyTranslator.Translate(view);
        if (view.Scope.Mode is ProxyMode.Gateway) return EdgeTranslator.Translate(view);
        var outbound = OutboundCluster.Of(view);
        return new ResourceSet(
            ResourceGroup.Of(TypeUrls.Cluster, Clusters(view, outbound), cluster => cluster.Name),
            ResourceGroup.Of(
                TypeUrls.ClusterLoadAssignment,
                outbound.Where(c => c.HasEndpoints)
                    .Select(c => ClusterLoadAssignmentTranslator.Translate(view, c)),
                assignment => assignment.ClusterName),
            Listeners(view, outbound),
            Routes(view));
    }

    /// <summary>The listeners: they depend on routes, and not on the members of services.</summary>
    /// <param name="view">What the proxy sees.</param>
    /// <param name="outbound">Its clusters, where they are at hand.</param>
    internal static ResourceGroup Listeners(
        ProxyView view, IEnumerable<OutboundCluster>? outbound = null) => view.Scope.Mode switch
    {
        ProxyMode.Envoy => EnvoyTranslator.Listeners(view),
        ProxyMode.Gateway => EdgeTranslator.Listeners(view),
        _ => ResourceGroup.Of(TypeUrls.Listener, AllListeners(view, outbound), listener => listener.Name),
    };

    /// <summary>The route configurations: they do not depend on the members of services.</summary>
    internal static ResourceGroup Routes(ProxyView view) => view.Scope.Mode switch
    {
        ProxyMode.Envoy => EnvoyTranslator.Routes(view),
        ProxyMode.Gateway => EdgeTranslator.Routes(view),
        _ => ResourceGroup.Of(
            TypeUrls.RouteConfiguration,
            RouteTranslator.Ports(view).Select(port => RouteTranslator.Translate(view, port)),
            routes => routes.Name),
    };

    private static IEnumerable<Cluster> Clusters(ProxyView view, IEnumerable<OutboundCluster> outbound) =>
    [
        .. outbound.Select(cluster => ClusterTranslator.Outbound(view, cluster)),
        .. InboundPort.Of(view).Select(ClusterTranslator.Inbound),
        ClusterTranslator.Passthrough(),
        ClusterTranslator.BlackHole(),
    ];

    private static IEnumerable<Listener> AllListeners(ProxyView view, IEnumerable<OutboundCluster>? outbound)
    {
        yield return ListenerTranslator.CatchAll(view);
        foreach (var port in RouteTranslator.Ports(view)) yield return ListenerTranslator.Outbound(view, port);
        foreach (var tcp in TcpListenerTranslator.Listeners(view, outbound)) yield return tcp;
        if (InboundListenerTranslator.Translate(view, InboundPort.Of(view)) is { } listener) yield return listener;
    }
}
