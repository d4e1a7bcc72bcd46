using System.Collections.Immutable;
using Google.Protobuf;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Translation.Checks;

/// <summary>
/// Checks a result before anybody gets it: what an Envoy would refuse (a name that leads nowhere, a domain that occurs
/// twice, a field outside of its bounds) is a fault of the translation and never the user's.
/// </summary>
public static class ReferenceCheck
{
    /// <summary>Everything that is wrong, as sentences; empty when the result may be sent.</summary>
    public static ImmutableArray<string> Violations(ResourceSet resources)
    {
        var faults = new List<string>();
        var clusters = Read<Cluster>(resources.Clusters);
        var assignments = Read<ClusterLoadAssignment>(resources.Endpoints);
        var listeners = Read<Listener>(resources.Listeners);
        var routes = Read<RouteConfiguration>(resources.Routes);
        foreach (var group in resources.Groups) CheckNames(group, faults);
        ClusterCheck.Check(clusters, assignments, faults);
        ListenerCheck.Check(listeners, routes, [.. clusters.Select(c => c.Name)], faults);
        foreach (var table in routes) RouteCheck.Check(table, faults);
        return [.. faults];
    }

    /// <summary>
    /// The clusters that routes lead to although there are none. That is no fault: a destination of a VirtualService
    /// may not exist (yet), and requests to it are answered with 503.
    /// </summary>
    public static ImmutableArray<string> MissingClusters(ResourceSet resources)
    {
        var known = resources.Clusters.Resources.Select(r => r.Name).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. Read<RouteConfiguration>(resources.Routes)
                .SelectMany(RouteCheck.ClustersOf)
                .Where(name => !known.Contains(name))
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>The resources of a group as messages.</summary>
    internal static List<T> Read<T>(ResourceGroup group)
        where T : IMessage, new() =>
        [.. group.Resources.Select(resource => resource.ToAny().Unpack<T>())];

    /// <summary>Checks that each resource has a name of its own, and the type of its group.</summary>
    internal static void CheckNames(ResourceGroup group, List<string> faults)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var resource in group.Resources)
        {
            if (resource.Name.Length == 0) faults.Add($"A resource of {group.TypeUrl} has no name.");
            if (!names.Add(resource.Name)) faults.Add($"{group.TypeUrl} has {resource.Name} twice.");
            if (resource.ToAny().TypeUrl != group.TypeUrl)
            {
                faults.Add($"{resource.Name} is not of type {group.TypeUrl}.");
            }
        }
    }
}
