using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>Finds the cluster that a destination of a VirtualService means.</summary>
internal static class DestinationResolver
{
    /// <summary>
    /// The cluster's name, whether it exists or not: a route into nothing answers 503 (flag NC) and is not dropped.
    /// The port is the one given, else the service's only one, else that of the listener.
    /// </summary>
    public static string ClusterOf(
        ProxyView view, Sourced<VirtualService> source, Destination destination, int listenerPort)
    {
        var host = HostName.Resolve(destination.Host, source.Namespace);
        return ClusterName.Outbound(host, PortOf(view, host, destination, listenerPort), destination.Subset);
    }

    /// <summary>The policy under which a destination is called; the default one when it does not exist.</summary>
    public static ClusterPolicy PolicyOf(
        ProxyView view, Sourced<VirtualService> source, Destination destination, int listenerPort)
    {
        var host = HostName.Resolve(destination.Host, source.Namespace);
        if (view.FindService(host) is not { } service) return ClusterPolicy.Default;
        var rule = view.RuleOf(service);
        var subset = rule.Subsets.FirstOrDefault(s => s.Name == destination.Subset);
        return rule.PolicyOf(PortOf(view, host, destination, listenerPort), subset);
    }

    private static int PortOf(ProxyView view, string host, Destination destination, int listenerPort) =>
        destination.Port is { Number: > 0 } port ? port.Number
        : view.FindService(host) is { Ports: [var only] } ? only.Number
        : listenerPort;
}
