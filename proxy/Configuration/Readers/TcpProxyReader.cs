using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.TcpProxy;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>Where a relay of bytes leads.</summary>
/// <param name="Clusters">The clusters that it chooses from.</param>
/// <param name="Relay">How long it may last, and through what proxy it goes.</param>
internal sealed record TcpProxyTemplate(WeightedChoice Clusters, RelayModel Relay)
{
    /// <summary>The one cluster; empty where there are several.</summary>
    public string OnlyCluster => Clusters is { Clusters: [var only] } ? only.Name : "";
}

/// <summary><c>TcpProxy</c> to its part of the model.</summary>
internal static class TcpProxyReader
{
    public static TcpProxyTemplate Read(TcpProxy proxy, FieldPath at) => new(Clusters(proxy, at), Relay(proxy, at));

    /// <summary>What is done with bytes on a port whose protocol nobody has declared; null for any other port.</summary>
    public static TcpProxyTemplate? OfUndeclared(Metadata? metadata, FieldPath at)
    {
        Any? any = null;
        if (metadata?.TypedFilterMetadata.TryGetValue(UndeclaredPort.Metadata, out any) is not true) return null;
        var here = at.At("metadata").At("typed_filter_metadata").At(UndeclaredPort.Metadata);
        return Read(CoreReader.Unpack<TcpProxy>(any!, here), here);
    }

    // Envoy: an idle timeout of 0 is none, one that is not given an hour.
    private static RelayModel Relay(TcpProxy proxy, FieldPath at) => new()
    {
        Tunnel = Tunnel(proxy.TunnelingConfig, at.At("tunneling_config")),
        IsTunnelByPost = proxy.TunnelingConfig?.UsePost is true,
        IdleTimeout = proxy.IdleTimeout is null
            ? RelayModel.Default.IdleTimeout
            : CoreReader.Positive(proxy.IdleTimeout, at.At("idle_timeout")),
        MaxDuration = CoreReader.Positive(
            proxy.MaxDownstreamConnectionDuration, at.At("max_downstream_connection_duration")),
    };

    private static string Tunnel(TcpProxy.Types.TunnelingConfig? config, FieldPath at)
    {
        if (config is null) return "";
        return config.Hostname.Length > 0 && !config.Hostname.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? config.Hostname
            : throw new UnusableResourceException(at.At("hostname"), "must be host:port");
    }

    private static WeightedChoice Clusters(TcpProxy proxy, FieldPath at) => proxy.ClusterSpecifierCase switch
    {
        TcpProxy.ClusterSpecifierOneofCase.Cluster => WeightedChoice.Of(proxy.Cluster),
        TcpProxy.ClusterSpecifierOneofCase.WeightedClusters => CoreReader.Build(
            at.At("weighted_clusters"),
            () => new WeightedChoice(
                [.. proxy.WeightedClusters.Clusters.Select(c => new WeightedClusterModel(c.Name, c.Weight))])),
        _ => throw new UnusableResourceException(at.At("cluster"), "is required"),
    };
}
