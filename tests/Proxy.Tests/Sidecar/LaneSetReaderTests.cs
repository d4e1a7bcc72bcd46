using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Configuration.Readers;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Lanes;
using MeshOrleans.Xds.Protocol.Route;
using SubsetConfig = MeshOrleans.Xds.Protocol.Cluster.Cluster.Types.LbSubsetConfig;
using XdsCluster = MeshOrleans.Xds.Protocol.Cluster.Cluster;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>Which lanes a sidecar takes, and which subsets it refuses by field.</summary>
public sealed class LaneSetReaderTests
{
    [Fact]
    public void All_that_is_said_of_lanes_is_read()
    {
        var cluster = Cluster(Selector("lane.a"), Selector("lane.b"));
        cluster.LbSubsetConfig.SubsetSelectors[1].FallbackPolicy =
            SubsetConfig.Types.LbSubsetSelector.Types.LbSubsetSelectorFallbackPolicy.NoFallback;
        var entries = new LaneEntries { Lanes = { new LaneEntries.Types.Lane { Name = "b", Matches = { new RouteMatch { Prefix = "/x" } } } } };
        cluster.Metadata = new Metadata { TypedFilterMetadata = { [MeshMetadata.Filter] = Any.Pack(entries) } };

        var lanes = ClusterReader.Read(cluster, FieldPath.Root).Model.Lanes.Lanes;

        Assert.Equal([("a", false, 0), ("b", true, 1)], lanes.Select(l => (l.Name, l.Refuses, l.Entries.Length)));
        Assert.True(ClusterReader.Read(MeshResources.EdsCluster("c"), FieldPath.Root).Model.Lanes.IsEmpty);
    }

    [Fact]
    public void Subsets_of_other_kinds_are_refused_by_field()
    {
        var twice = Cluster(Selector("lane.a"), Selector("lane.a"));
        var other = Cluster(Selector("stage"));
        var two = Cluster(Selector("lane.a", "lane.b"));
        var any = Cluster(Selector("lane.a"));
        any.LbSubsetConfig.FallbackPolicy = SubsetConfig.Types.LbSubsetFallbackPolicy.AnyEndpoint;
        var keys = Cluster(Selector("lane.a"));
        keys.LbSubsetConfig.SubsetSelectors[0].FallbackPolicy =
            SubsetConfig.Types.LbSubsetSelector.Types.LbSubsetSelectorFallbackPolicy.KeysSubset;

        Assert.StartsWith("lb_subset_config: Two lanes have one name.", Refusal(twice), StringComparison.Ordinal);
        Assert.Equal("lb_subset_config.subset_selectors[0].keys: must be the key of a lane", Refusal(other));
        Assert.Equal("lb_subset_config.subset_selectors[0].keys: must be the key of a lane", Refusal(two));
        Assert.Equal("lb_subset_config: only the default subset of those outside of lanes is supported", Refusal(any));
        Assert.Equal("lb_subset_config.subset_selectors[0].fallback_policy: KeysSubset is not supported", Refusal(keys));
    }

    [Theory]
    [InlineData("lane", "base", "")]
    [InlineData("lane.a", "a", "a")]
    [InlineData("stage", "prod", "")]
    public void An_endpoint_is_of_the_lanes_that_its_metadata_names(string key, string value, string expected)
    {
        var metadata = new Metadata
        {
            FilterMetadata = { ["envoy.lb"] = new Struct { Fields = { [key] = Value.ForString(value) } } },
        };

        Assert.Equal(expected, string.Join(",", LaneSetReader.LanesOf(metadata)));
        Assert.Empty(LaneSetReader.LanesOf(null));
    }

    private static string Refusal(XdsCluster cluster) =>
        Assert.Throws<UnusableResourceException>(() => ClusterReader.Read(cluster, FieldPath.Root)).Message;

    private static SubsetConfig.Types.LbSubsetSelector Selector(params string[] keys) => new() { Keys = { keys } };

    private static XdsCluster Cluster(params SubsetConfig.Types.LbSubsetSelector[] selectors)
    {
        var cluster = MeshResources.EdsCluster("c");
        cluster.LbSubsetConfig = new SubsetConfig
        {
            FallbackPolicy = SubsetConfig.Types.LbSubsetFallbackPolicy.DefaultSubset,
            DefaultSubset = new Struct { Fields = { ["lane"] = Value.ForString("base") } },
            SubsetSelectors = { selectors },
        };
        return cluster;
    }
}
