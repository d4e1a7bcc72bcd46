using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Edge;

/// <summary>Which VirtualServices speak at which servers.</summary>
internal static class EdgeRoutes
{
    /// <summary>
    /// Those of the Gateway API's listeners, then all that name some gateway and that the proxy's namespace sees, oldest
    /// first.
    /// </summary>
    public static ImmutableArray<Sourced<VirtualService>> Of(ProxyView view) =>
    [
        .. view.Mesh.ListenerRoutes,
        .. view.Mesh.GatewayRoutes
            .Where(v => Visibility.Allows(v.Spec.ExportTo, v.Namespace, view.Scope.Namespace)),
    ];

    /// <summary>Whether a VirtualService names the gateway of a server.</summary>
    public static bool IsBound(EdgeServer server, Sourced<VirtualService> source) =>
        source.Spec.Gateways.Any(name => VirtualService.GatewayName(name, source.Namespace) == server.GatewayName);

    /// <summary>
    /// The hosts for which a VirtualService speaks at a server: what its own hosts have in common with those that the
    /// server leaves to its namespace. None when it does not name the server's gateway.
    /// </summary>
    public static IEnumerable<string> HostsAt(EdgeServer server, Sourced<VirtualService> source)
    {
        if (!IsBound(server, source)) return [];
        return
            from host in source.Spec.Hosts
            let full = FullNameOf(host, source)
            from served in server.HostsFor(source.Namespace)
            let common = HostName.Overlap(served, full)
            where common is not null
            select common;
    }

    /// <summary>Short names are Istio's: in the Gateway API a host without a dot is one of that name.</summary>
    private static string FullNameOf(string host, Sourced<VirtualService> source) =>
        source.Resource.Spec is AttachedRoute ? host : HostName.Resolve(host, source.Namespace);

    /// <summary>
    /// Whether a condition counts at some gateways. One that names gateways counts there only, and then no labels.
    /// </summary>
    /// <param name="named">The gateways that the condition names.</param>
    /// <param name="ns">The namespace of the VirtualService.</param>
    /// <param name="at">Where it would count.</param>
    /// <param name="isForClient">Whether the client that its labels and namespace select is the proxy.</param>
    public static bool IsFor(ImmutableArray<string> named, string ns, IReadOnlySet<string> at, bool isForClient) =>
        named.IsDefaultOrEmpty ? isForClient : named.Any(name => at.Contains(VirtualService.GatewayName(name, ns)));
}
