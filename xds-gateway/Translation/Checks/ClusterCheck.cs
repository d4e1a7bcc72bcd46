using System.Net;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Endpoint;
using UpstreamOptions = MeshOrleans.Xds.Protocol.Upstream.HttpProtocolOptions;

namespace MeshOrleans.Xds.Translation.Checks;

/// <summary>Checks clusters and their endpoints.</summary>
internal static class ClusterCheck
{
    public static void Check(List<Cluster> clusters, List<ClusterLoadAssignment> assignments, List<string> faults)
    {
        var asked = clusters
            .Where(c => c.Type is Cluster.Types.DiscoveryType.Eds)
            .Select(c => c.EdsClusterConfig.ServiceName is { Length: > 0 } name ? name : c.Name)
            .ToHashSet(StringComparer.Ordinal);
        var given = assignments.Select(a => a.ClusterName).ToHashSet(StringComparer.Ordinal);
        foreach (var name in asked.Except(given)) faults.Add($"Cluster {name} waits for endpoints that do not exist.");
        foreach (var name in given.Except(asked)) faults.Add($"Nobody asks for the endpoints of {name}.");
        foreach (var cluster in clusters) Check(cluster, faults);
        foreach (var assignment in assignments) Check(assignment, faults);
    }

    private static void Check(Cluster cluster, List<string> faults)
    {
        if (cluster.ConnectTimeout.ToTimeSpan() <= TimeSpan.Zero) faults.Add($"{cluster.Name}: no connect timeout.");
        var isOriginal = cluster.Type is Cluster.Types.DiscoveryType.OriginalDst;
        if (isOriginal != cluster.LbPolicy is Cluster.Types.LbPolicy.ClusterProvided)
        {
            faults.Add($"{cluster.Name}: ORIGINAL_DST and CLUSTER_PROVIDED belong together.");
        }

        if (cluster.OutlierDetection is { MaxEjectionPercent: > 100 })
        {
            faults.Add($"{cluster.Name}: ejects over 100 %.");
        }

        HealthCheckCheck.Check(cluster, faults);

        foreach (var any in cluster.TypedExtensionProtocolOptions.Values)
        {
            if (any.Unpack<UpstreamOptions>().UpstreamProtocolOptionsCase
                is UpstreamOptions.UpstreamProtocolOptionsOneofCase.None)
            {
                faults.Add($"{cluster.Name}: HTTP options name no protocol.");
            }
        }
    }

    /// <summary>Checks the endpoints of one cluster.</summary>
    public static void Check(ClusterLoadAssignment assignment, List<string> faults)
    {
        var addresses = new HashSet<string>(StringComparer.Ordinal);
        foreach (var locality in assignment.Endpoints)
        {
            if (locality.Locality is null) faults.Add($"{assignment.ClusterName}: a locality is missing.");
            if (locality.LoadBalancingWeight is null or 0)
            {
                faults.Add($"{assignment.ClusterName}: a locality has no weight.");
            }

            foreach (var endpoint in locality.LbEndpoints)
            {
                var address = endpoint.Endpoint.Address.SocketAddress;
                if (endpoint.LoadBalancingWeight is null or 0) faults.Add($"{address}: an endpoint has no weight.");
                if (!IPAddress.TryParse(address.Address, out _))
                {
                    faults.Add($"{address.Address} is no literal address.");
                }

                if (address.PortValue is 0 or > 65535) faults.Add($"{address.Address}: port {address.PortValue}.");
                if (!addresses.Add($"{address.Address} {address.PortValue}"))
                {
                    faults.Add($"{assignment.ClusterName} has {address.Address}:{address.PortValue} twice.");
                }
            }
        }

        var priorities = assignment.Endpoints.Select(e => e.Priority).Distinct().Order().ToList();
        if (priorities.Where((priority, i) => priority != i).Any())
        {
            faults.Add($"{assignment.ClusterName}: priorities have a gap.");
        }
    }
}
