using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Lanes;
using MeshOrleans.Xds.Translation.Routes;
using MeshOrleans.Xds.Translation.Scopes;
using Selector = MeshOrleans.Xds.Protocol.Cluster.Cluster.Types.LbSubsetConfig.Types.LbSubsetSelector;
using SelectorFallback =
    MeshOrleans.Xds.Protocol.Cluster.Cluster.Types.LbSubsetConfig.Types.LbSubsetSelector.Types.LbSubsetSelectorFallbackPolicy;

namespace MeshOrleans.Xds.Translation.Clusters;

/// <summary>Tells of lanes by Envoy's own means: each is a subset of a cluster's endpoints, and so is who is in none.</summary>
/// <remarks>
/// A lane has a key of its own, so that each has its own fallback, and a cluster that it does not cover knows nothing of
/// it. Endpoints that leave have no mark: an Envoy would wait for a subset of nobody else. How requests enter has no word
/// in Envoy's API; only our own sidecars and gateways read it.
/// </remarks>
internal static class LaneTranslator
{
    public static void Apply(Cluster cluster, ProxyScope scope, OutboundCluster source)
    {
        if (source.Lanes.All.IsEmpty) return;
        cluster.LbSubsetConfig = new()
        {
            FallbackPolicy = Cluster.Types.LbSubsetConfig.Types.LbSubsetFallbackPolicy.DefaultSubset,
            DefaultSubset = new Struct { Fields = { [MeshMetadata.BaseKey] = Value.ForString(MeshMetadata.Base) } },
            SubsetSelectors = { source.Lanes.All.Select(SelectorOf) },
            LocalityWeightAware = cluster.CommonLbConfig?.LocalityWeightedLbConfig is not null,
        };
        if (scope.Mode is not (ProxyMode.Sidecar or ProxyMode.Gateway)) return;
        var entries = new LaneEntries();
        entries.Lanes.AddRange(source.Lanes.All.Where(lane => !lane.Spec.Match.IsEmpty).Select(EntriesOf));
        if (entries.Lanes.Count == 0) return;
        cluster.Metadata ??= new();
        cluster.Metadata.TypedFilterMetadata[MeshMetadata.Filter] = Any.Pack(entries);
    }

    /// <summary>By what an endpoint is found; null where nobody looks for it.</summary>
    public static Struct? MarksOf(OutboundCluster source, ServiceEndpoint endpoint)
    {
        if (source.Lanes.All.IsEmpty || endpoint.Workload.Health is not WorkloadHealth.Healthy) return null;
        var marks = new Struct();
        foreach (var lane in source.Lanes.LanesOf(endpoint))
        {
            marks.Fields[MeshMetadata.LanePrefix + lane] = Value.ForString(lane);
        }

        if (source.Lanes.IsBase(endpoint)) marks.Fields[MeshMetadata.BaseKey] = Value.ForString(MeshMetadata.Base);
        return marks.Fields.Count > 0 ? marks : null;
    }

    private static Selector SelectorOf(ServiceLane lane) => new()
    {
        Keys = { MeshMetadata.LanePrefix + lane.Name },
        FallbackPolicy = lane.Spec.Fallback is LaneFallback.Refuse
            ? SelectorFallback.NoFallback
            : SelectorFallback.NotDefined,
    };

    private static LaneEntries.Types.Lane EntriesOf(ServiceLane lane) => new()
    {
        Name = lane.Name,
        Matches = { lane.Spec.Match.Select(RouteMatchTranslator.Translate) },
    };
}
