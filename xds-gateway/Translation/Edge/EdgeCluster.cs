using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Edge;

/// <summary>
/// Makes the clusters that stand open to other networks. The mTLS of the two ends goes through unread, so nothing is
/// added to it.
/// </summary>
internal static class EdgeCluster
{
    public static Cluster Translate(ProxyView view, OutboundCluster source)
    {
        var cluster = ClusterTranslator.Unchecked(view, source); // checks would have to speak the mTLS that goes through
        cluster.Name = source.ServerName;
        cluster.TransportSocket = null;
        cluster.TransportSocketMatches.Clear();
        cluster.TypedExtensionProtocolOptions.Clear();
        if (cluster.EdsClusterConfig is { } eds) eds.ServiceName = source.ServerName;
        if (cluster.LoadAssignment is { } own) own.ClusterName = source.ServerName;
        return cluster;
    }

    public static ClusterLoadAssignment Endpoints(ProxyView view, OutboundCluster source)
    {
        var assignment = ClusterLoadAssignmentTranslator.Translate(view, source);
        assignment.ClusterName = source.ServerName;
        return assignment;
    }
}
