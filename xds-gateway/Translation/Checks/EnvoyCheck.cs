using System.Collections.Immutable;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Translation.Checks;

/// <summary>
/// Checks a result for a stock Envoy by the rules that it has itself for its messages, and that it would wait for
/// nothing in vain: no secret is named, and what is named is there.
/// </summary>
public static class EnvoyCheck
{
    /// <summary>Everything that is wrong, as sentences; empty when the result may be sent.</summary>
    public static ImmutableArray<string> Violations(ResourceSet resources)
    {
        var faults = new List<string>(ReferenceCheck.Violations(resources));
        var listeners = ReferenceCheck.Read<Listener>(resources.Listeners);
        EnvoyListenerCheck.Check(listeners, faults);
        foreach (var cluster in ReferenceCheck.Read<Cluster>(resources.Clusters))
        {
            EnvoyClusterCheck.Check(cluster, faults);
        }

        foreach (var table in ReferenceCheck.Read<RouteConfiguration>(resources.Routes))
        {
            EnvoyRouteCheck.Check(table, faults);
        }

        return [.. faults];
    }
}
