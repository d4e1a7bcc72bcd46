using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Sidecar.Xds;

namespace MeshOrleans.Proxy.Sidecar.Demands;

/// <summary>Whether the model in force can serve a host: it has its routes, their clusters, and those their addresses.</summary>
/// <param name="models">The resources behind it.</param>
/// <param name="inForce">The model by which requests are routed; it follows that of the resources.</param>
internal sealed class HostReadiness(ModelHolder models, Func<ProxyModel> inForce)
{
    public bool IsReady(string host, int port)
    {
        var model = inForce();
        if (ClustersOf(model, host, port) is not { } clusters) return false;
        foreach (var cluster in clusters)
        {
            if (!model.Clusters.TryGetValue(cluster, out var of) || IsUnresolved(of)) return false;
        }

        return true;
    }

    /// <summary>Whether nothing but an answer of DNS is missing.</summary>
    public bool WaitsForNames(string host, int port)
    {
        var model = inForce();
        return ClustersOf(model, host, port) is { } clusters
            && clusters.Any(name => model.Clusters.TryGetValue(name, out var of) && IsUnresolved(of));
    }

    // Null when the model does not know the host: neither as one of requests, nor as one of bytes.
    private static IEnumerable<string>? ClustersOf(ProxyModel model, string host, int port)
    {
        var choices = FindHost(model, host, port) is { } found
            ? found.Routes.Select(r => r.Action).OfType<RouteAction.Forward>().Select(a => a.Clusters)
            : model.OutboundTcp.Find(host, port)?.AllChains.Select(c => c.Clusters);
        return choices?.SelectMany(choice => choice.Clusters).Select(c => c.Name);
    }

    /// <summary>The names of the hosts of a model that asks on demand, as <c>host:port</c>; none of any other.</summary>
    public static IEnumerable<string> HeldBy(ProxyModel model) =>
        model.Outbound.Values.Where(o => o.Routes.AsksOnDemand)
            .SelectMany(o => o.Routes.Hosts).Where(h => !h.IsOnDemand).Select(h => h.Name)
            .Concat(model.IsOnDemand ? model.OutboundTcp.Services.Select(s => $"{s.Hosts[0]}:{s.Port}") : [])
            .Distinct(StringComparer.Ordinal);

    private static VirtualHostModel? FindHost(ProxyModel model, string host, int port) =>
        model.Outbound.TryGetValue(port, out var listener) && listener.Routes.FindHost(host) is { IsOnDemand: false } found
            ? found
            : null;

    // DNS has not been asked yet, or has not answered.
    private bool IsUnresolved(ClusterModel cluster) =>
        cluster.Endpoints.IsEmpty
        && models.Resources.Clusters.TryGetValue(cluster.Name, out var resource)
        && resource.Content.Names.Any();
}
