using System.Collections.Immutable;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Routes;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Envoy;

/// <summary>Makes what a stock Envoy gets into which the connections of one workload are redirected.</summary>
/// <remarks>
/// Pure. Routes, policies and clusters are those of our own sidecars, in Envoy's own words anyway. What differs is how
/// a connection finds its listener (by the address it was meant for), that TCP is routed too, and that certificates
/// come from files. Source: Istio's names and ports; Envoy's rules for listeners and filter chains.
/// </remarks>
internal static class EnvoyTranslator
{
    private const int DefaultMaxBody = 4096;

    public static ResourceSet Translate(ProxyView view)
    {
        var outbound = OutboundCluster.Of(view);
        Cluster[] clusters =
        [
            .. outbound.Select(cluster => EnvoyCluster.Translate(view, cluster)),
            .. outbound.SelectMany(cluster => EnvoyCluster.Members(view, cluster)),
            .. InboundPort.Of(view).Select(ClusterTranslator.Inbound),
            ClusterTranslator.Passthrough(),
            ClusterTranslator.BlackHole(),
            EnvoyCluster.InboundPassthrough(),
        ];
        return new ResourceSet(
            ResourceGroup.Of(TypeUrls.Cluster, clusters, cluster => cluster.Name),
            ResourceGroup.Of(
                TypeUrls.ClusterLoadAssignment,
                outbound.Select(cluster => EnvoyCluster.Endpoints(view, cluster)).OfType<ClusterLoadAssignment>(),
                assignment => assignment.ClusterName),
            Listeners(view, outbound),
            Routes(view));
    }

    public static ResourceGroup Listeners(ProxyView view) => Listeners(view, OutboundCluster.Of(view));

    public static ResourceGroup Routes(ProxyView view) => ResourceGroup.Of(
        TypeUrls.RouteConfiguration,
        EnvoyOutbound.HttpPorts(view).Select(port => WithRoomForBodies(RouteTranslator.Translate(view, port))),
        routes => routes.Name);

    /// <summary>Envoy refuses answers of its own over 4 KiB, unless it is told how long they get.</summary>
    private static RouteConfiguration WithRoomForBodies(RouteConfiguration table)
    {
        var longest = table.VirtualHosts.SelectMany(host => host.Routes)
            .Select(route => route.DirectResponse?.Body?.InlineBytes.Length ?? 0)
            .DefaultIfEmpty()
            .Max();
        if (longest > DefaultMaxBody) table.MaxDirectResponseBodySizeBytes = (uint)longest;
        return table;
    }

    private static ResourceGroup Listeners(ProxyView view, ImmutableArray<OutboundCluster> outbound)
    {
        var known = outbound.SelectMany(cluster => EnvoyCluster.MemberNames(view, cluster).Prepend(cluster.Name))
            .ToHashSet(StringComparer.Ordinal);
        Listener[] listeners = [.. EnvoyOutbound.Listeners(view, known), EnvoyInbound.Listener(view)];
        return ResourceGroup.Of(TypeUrls.Listener, listeners, listener => listener.Name);
    }
}
