using MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Xds.Translation.Checks;

/// <summary>Checks route tables.</summary>
internal static class RouteCheck
{
    public static void Check(RouteConfiguration table, List<string> faults)
    {
        var domains = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var host in table.VirtualHosts)
        {
            if (host.Name.Length == 0 || !names.Add(host.Name))
            {
                faults.Add($"{table.Name}: host name '{host.Name}' is no name of its own.");
            }

            if (host.Domains.Count == 0) faults.Add($"{host.Name} in {table.Name} has no domain.");
            foreach (var domain in host.Domains)
            {
                if (!domains.Add(domain)) faults.Add($"{table.Name} has the domain {domain} twice.");
            }

            foreach (var route in host.Routes) Check($"{table.Name}/{host.Name}/{route.Name}", route, faults);
        }
    }

    /// <summary>All clusters that the table leads to, copies included.</summary>
    public static IEnumerable<string> ClustersOf(RouteConfiguration table)
    {
        foreach (var action in table.VirtualHosts.SelectMany(h => h.Routes).Select(r => r.Route_).OfType<RouteAction>())
        {
            if (action.ClusterSpecifierCase is RouteAction.ClusterSpecifierOneofCase.Cluster)
            {
                yield return action.Cluster;
            }

            if (action.WeightedClusters is { } weighted)
            {
                foreach (var cluster in weighted.Clusters) yield return cluster.Name;
            }

            foreach (var mirror in action.RequestMirrorPolicies) yield return mirror.Cluster;
        }
    }

    private static void Check(string where, Route route, List<string> faults)
    {
        if (route.Match is null || route.Match.PathSpecifierCase is RouteMatch.PathSpecifierOneofCase.None)
        {
            faults.Add($"{where} has no path condition.");
        }

        if (route.ActionCase is Route.ActionOneofCase.None) faults.Add($"{where} does nothing.");
        if (route.Match?.Headers.Any(h => h.Name.Length == 0) is true)
        {
            faults.Add($"{where} asks for a header without name.");
        }

        if (route.RequestHeadersToAdd.Concat(route.ResponseHeadersToAdd).Any(h => h.Header.Key.Length == 0))
        {
            faults.Add($"{where} sets a header without name.");
        }

        if (route.DirectResponse is { Status: < 200 or > 599 } direct)
        {
            faults.Add($"{where} answers with {direct.Status}.");
        }

        if (route.Route_ is not { } action) return;
        if (action.ClusterSpecifierCase is RouteAction.ClusterSpecifierOneofCase.None)
        {
            faults.Add($"{where} leads nowhere.");
        }

        if (action.WeightedClusters is { } weighted && weighted.Clusters.Sum(c => (long)(c.Weight ?? 0)) == 0)
        {
            faults.Add($"{where}: the weights are 0 in sum.");
        }

        if (action.Timeout?.ToTimeSpan() < TimeSpan.Zero) faults.Add($"{where}: negative timeout.");
        if (action.RetryPolicy?.RetryBackOff is { BaseInterval: null }) faults.Add($"{where}: back-off without base.");
    }
}
