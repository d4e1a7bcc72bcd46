using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>
/// Says what is done with what turns out to be no HTTP on a port whose protocol nobody has declared. Only our own sidecars
/// know of that; for all others such a port is one of HTTP.
/// </summary>
/// <param name="view">Who calls.</param>
internal sealed class UndeclaredPorts(ProxyView view)
{
    private HashSet<string> KnownClusters => field ??= OutboundCluster.NamesOf(OutboundCluster.Of(view));

    /// <summary>For callers of a service; null for all clients but sidecars, and where the protocol is declared.</summary>
    /// <remarks>
    /// Bytes have the <c>tcp</c> routes of the VirtualService that are for everything, else they go to the service itself.
    /// </remarks>
    public Metadata? Of(Service service, ServicePort port)
    {
        if (view.Scope.Mode is not ProxyMode.Sidecar || port.Protocol is not AppProtocol.Unspecified) return null;
        var hasRules = view.VirtualServices.Find(service.Host)?.Spec.Tcp is { IsDefaultOrEmpty: false };
        var routes = new TcpRoutes(view, hasRules ? KnownClusters : [], isByName: true).Of(service, port, []);
        return routes.FirstOrDefault(route => route.IsForAll)?.Filter(ClusterName.Outbound(service.Host, port.Number)) is { } tcp
            ? Carrying(tcp)
            : null;
    }

    /// <summary>For what is carried by a filter.</summary>
    public static Metadata Carrying(Filter tcp) => new()
    {
        TypedFilterMetadata = { [UndeclaredPort.Metadata] = tcp.TypedConfig },
    };
}
