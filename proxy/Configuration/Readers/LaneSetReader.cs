using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Lanes;
using Proto = MeshOrleans.Xds.Protocol;
using Selector = MeshOrleans.Xds.Protocol.Cluster.Cluster.Types.LbSubsetConfig.Types.LbSubsetSelector;
using SubsetConfig = MeshOrleans.Xds.Protocol.Cluster.Cluster.Types.LbSubsetConfig;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>The lanes of a cluster, which are subsets of its endpoints, each with a key of its own.</summary>
/// <remarks>Subsets of other kinds are refused: nobody would ask for them.</remarks>
internal static class LaneSetReader
{
    public static LaneSet Read(Proto.Cluster.Cluster cluster, FieldPath at)
    {
        if (cluster.LbSubsetConfig is not { } config) return LaneSet.None;
        var here = at.At("lb_subset_config");
        if (config.FallbackPolicy is not SubsetConfig.Types.LbSubsetFallbackPolicy.DefaultSubset || !IsBase(config))
        {
            throw new UnusableResourceException(here, "only the default subset of those outside of lanes is supported");
        }

        var entries = Entries(cluster, at);
        var lanes = config.SubsetSelectors.Select((selector, i) => Lane(selector, entries, here.At("subset_selectors").At(i)));
        return CoreReader.Build(here, () => new LaneSet([.. lanes]));
    }

    /// <summary>The lanes that an endpoint serves; none when it serves the requests outside of them.</summary>
    public static ImmutableArray<string> LanesOf(Metadata? metadata)
    {
        if (metadata is null || !metadata.FilterMetadata.TryGetValue(MeshMetadata.Balancing, out var marks)) return [];
        return
        [
            .. marks.Fields.Keys.Where(IsLane)
                .Select(key => key[MeshMetadata.LanePrefix.Length..])
                .Order(StringComparer.Ordinal),
        ];
    }

    private static LaneModel Lane(Selector selector, LaneEntries entries, FieldPath at)
    {
        if (selector.Keys is not [var key] || !IsLane(key))
        {
            throw new UnusableResourceException(at.At("keys"), "must be the key of a lane");
        }

        var name = key[MeshMetadata.LanePrefix.Length..];
        return new LaneModel(name)
        {
            Refuses = selector.FallbackPolicy switch
            {
                Selector.Types.LbSubsetSelectorFallbackPolicy.NoFallback => true,
                Selector.Types.LbSubsetSelectorFallbackPolicy.NotDefined
                    or Selector.Types.LbSubsetSelectorFallbackPolicy.DefaultSubset => false,
                var other => throw new UnusableResourceException(at.At("fallback_policy"), $"{other} is not supported"),
            },
            Entries =
            [
                .. (entries.Lanes.FirstOrDefault(lane => lane.Name == name)?.Matches ?? [])
                    .Select((match, i) => RouteMatchReader.Read(match, at.At(name).At(i))),
            ],
        };
    }

    private static LaneEntries Entries(Proto.Cluster.Cluster cluster, FieldPath at) =>
        cluster.Metadata is { } metadata && metadata.TypedFilterMetadata.TryGetValue(MeshMetadata.Filter, out var any)
            ? CoreReader.Unpack<LaneEntries>(any, at.At("metadata").At("typed_filter_metadata").At(MeshMetadata.Filter))
            : new LaneEntries();

    private static bool IsBase(SubsetConfig config) =>
        config.DefaultSubset is { Fields.Count: 1 } wanted
        && wanted.Fields.TryGetValue(MeshMetadata.BaseKey, out var value)
        && value.StringValue == MeshMetadata.Base;

    private static bool IsLane(string key) => key.StartsWith(MeshMetadata.LanePrefix, StringComparison.Ordinal);
}
