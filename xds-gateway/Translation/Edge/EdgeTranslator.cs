using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Edge;

/// <summary>Makes what a gateway proxy gets, our own or a stock Envoy of the kind <c>router</c>.</summary>
/// <remarks>Pure. Source: Istio's Gateway and the names that istiod gives to what becomes of it.</remarks>
internal static class EdgeTranslator
{
    public static ResourceSet Translate(ProxyView view)
    {
        var ports = EdgePort.Of(view);
        var (outbound, opened) = (OutboundCluster.Of(view), Opened(view, ports));
        Cluster[] clusters =
        [
            .. outbound.Select(cluster => ClusterTranslator.Outbound(view, cluster)),
            .. opened.Select(cluster => EdgeCluster.Translate(view, cluster)),
            ClusterTranslator.Passthrough(),
            ClusterTranslator.BlackHole(),
        ];
        return new ResourceSet(
            ResourceGroup.Of(TypeUrls.Cluster, clusters, cluster => cluster.Name),
            ResourceGroup.Of(
                TypeUrls.ClusterLoadAssignment,
                outbound.Where(c => c.HasEndpoints).Select(c => ClusterLoadAssignmentTranslator.Translate(view, c))
                    .Concat(opened.Where(c => c.HasEndpoints).Select(c => EdgeCluster.Endpoints(view, c))),
                assignment => assignment.ClusterName),
            Listeners(view, ports),
            Routes(view, ports));
    }

    public static ResourceGroup Listeners(ProxyView view) => Listeners(view, EdgePort.Of(view));

    public static ResourceGroup Routes(ProxyView view) => Routes(view, EdgePort.Of(view));

    /// <summary>Whether clusters besides those of the services depend on who their members are.</summary>
    public static bool OpensClusters(ProxyView view) => Opening(EdgePort.Of(view)).Any();

    private static ResourceGroup Listeners(ProxyView view, ImmutableArray<EdgePort> ports) => ResourceGroup.Of(
        TypeUrls.Listener, new EdgeListenerTranslator(view).Listeners(ports), listener => listener.Name);

    private static ResourceGroup Routes(ProxyView view, ImmutableArray<EdgePort> ports) => ResourceGroup.Of(
        TypeUrls.RouteConfiguration, EdgeRouteTranslator.Tables(view, ports), table => table.Name);

    private static ImmutableArray<OutboundCluster> Opened(ProxyView view, ImmutableArray<EdgePort> ports)
    {
        var servers = Opening(ports).ToList();
        if (servers.Count == 0) return [];
        var tcp = new EdgeTcp(view);
        return [.. servers.SelectMany(tcp.Opened).DistinctBy(cluster => cluster.Name)];
    }

    private static IEnumerable<EdgeServer> Opening(ImmutableArray<EdgePort> ports) =>
        from port in ports
        where port.Kind is EdgeKind.Tls
        from server in port.Servers
        where server.Mode is ServerTlsMode.AutoPassthrough
        select server;
}
