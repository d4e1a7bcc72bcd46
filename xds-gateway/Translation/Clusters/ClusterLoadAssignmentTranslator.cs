using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Clusters;

/// <summary>Makes the endpoints of one cluster.</summary>
/// <remarks>
/// Pure. Output order is fixed because VersionInfo is a hash of the bytes. Unhealthy members are left out; those that
/// leave are marked, so that their connections are kept and nothing new is sent. A locality and its weight are always
/// set: gRPC clients ignore a locality without weight (gRFC A27).
/// </remarks>
internal static class ClusterLoadAssignmentTranslator
{
    private const string MatchMetadata = "envoy.transport_socket_match";
    private const string WorkloadMetadata = "istio";

    public static ClusterLoadAssignment Translate(ProxyView view, OutboundCluster source)
    {
        var assignment = new ClusterLoadAssignment { ClusterName = source.Name };
        var rule = LocalityRule.Of(view, source.Service, source.Policy);
        var groups = source.Endpoints
            .Where(e => e.Workload.Health is not WorkloadHealth.Unhealthy)
            .DistinctBy(e => (e.Workload.Address, e.DialPort))
            .GroupBy(e => (e.Workload.Locality, Distance: rule.DistanceOf(e)))
            .OrderBy(g => g.Key)
            .ToList();
        var ranks = groups.Select(g => g.Key.Distance).Distinct().Order().ToList(); // priorities have no gaps
        foreach (var group in groups)
        {
            var (locality, distance) = group.Key;
            var endpoints = group
                .OrderBy(e => e.Workload.Address, StringComparer.Ordinal).ThenBy(e => e.DialPort)
                .Select(e => Endpoint(view, source, e))
                .ToList();
            assignment.Endpoints.Add(new LocalityLbEndpoints
            {
                Locality = new() { Region = locality.Region, Zone = locality.Zone, SubZone = locality.SubZone },
                LbEndpoints = { endpoints },
                LoadBalancingWeight = (uint)endpoints.Sum(e => (long)e.LoadBalancingWeight!),
                Priority = (uint)ranks.IndexOf(distance),
            });
        }

        if (rule.Shares is { } shares) LocalityShares.Apply(assignment, shares);

        return assignment;
    }

    private static LbEndpoint Endpoint(ProxyView view, OutboundCluster cluster, ServiceEndpoint source)
    {
        var workload = source.Workload;
        var metadata = new Metadata();
        if (TakesMeshTls(view.Mesh, source))
        {
            metadata.FilterMetadata[MatchMetadata] = new Struct { Fields = { ["tlsMode"] = Value.ForString("istio") } };
        }

        metadata.FilterMetadata[WorkloadMetadata] =
            new Struct { Fields = { ["workload"] = Value.ForString(Describe(source)) } };
        if (LaneTranslator.MarksOf(cluster, source) is { } marks)
        {
            metadata.FilterMetadata[MeshMetadata.Balancing] = marks;
        }

        return new LbEndpoint
        {
            Endpoint = new() { Address = Addresses.Of(workload.Address, source.DialPort) },
            HealthStatus = workload.Health is WorkloadHealth.Draining ? HealthStatus.Draining : HealthStatus.Healthy,
            Metadata = metadata,
            LoadBalancingWeight = (uint)Math.Max(1, workload.Weight),
        };
    }

    /// <summary>
    /// The policies of another mesh are not known here; its sidecars take mesh mTLS, or they would not be exported.
    /// </summary>
    private static bool TakesMeshTls(MeshIndex mesh, ServiceEndpoint endpoint)
    {
        var workload = endpoint.Workload;
        if (!workload.HasSidecar) return false;
        return endpoint.Peer.Length > 0
            || AuthenticationScope.ModeOf(mesh, workload.Namespace, workload.Labels, endpoint.WorkloadPort)
                is not MutualTlsMode.Disable;
    }

    /// <summary>Istio's short description: name; namespace; canonical name; revision; cluster.</summary>
    private static string Describe(ServiceEndpoint endpoint)
    {
        var workload = endpoint.Workload;
        var name = workload.Labels.GetValueOrDefault("service.istio.io/canonical-name")
            ?? workload.Labels.GetValueOrDefault("app")
            ?? workload.Name;
        var revision = workload.Labels.GetValueOrDefault("service.istio.io/canonical-revision")
            ?? workload.Labels.GetValueOrDefault("version")
            ?? "latest";
        return $"{workload.Name};{workload.Namespace};{name};{revision};{endpoint.Peer}";
    }
}
