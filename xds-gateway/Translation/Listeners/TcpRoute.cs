using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.TcpProxy;

namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>Where connections of some kind go.</summary>
/// <param name="Networks">Addresses and networks for which they are meant; none means any.</param>
/// <param name="ServerNames">Names they ask for in a TLS handshake; none means any.</param>
/// <param name="Sources">Addresses and networks they come from; none means any.</param>
/// <param name="Targets">Where they go.</param>
internal sealed record TcpRoute(
    ImmutableArray<string> Networks,
    ImmutableArray<string> ServerNames,
    ImmutableArray<string> Sources,
    TcpTargets Targets)
{
    /// <summary>Takes every connection that no other takes.</summary>
    public bool IsForAll => Networks.IsEmpty && ServerNames.IsEmpty && Sources.IsEmpty;

    /// <param name="statPrefix">The name under which Envoy counts.</param>
    public Filter Filter(string statPrefix)
    {
        var proxy = new TcpProxy { StatPrefix = statPrefix };
        ApplyLimits(proxy, Targets.Policy.ConnectionPool?.Tcp);
        if (Targets.Policy.Tunnel is { } tunnel)
        {
            var host = tunnel.TargetHost.Contains(':') ? $"[{tunnel.TargetHost}]" : tunnel.TargetHost;
            proxy.TunnelingConfig = new() { Hostname = $"{host}:{tunnel.TargetPort}", UsePost = tunnel.Protocol == "POST" };
        }

        if (Targets.Clusters is [var only])
        {
            proxy.Cluster = only.Cluster;
        }
        else
        {
            proxy.WeightedClusters = new();
            foreach (var (cluster, weight) in Targets.Clusters)
            {
                proxy.WeightedClusters.Clusters.Add(new TcpProxy.Types.WeightedCluster.Types.ClusterWeight
                {
                    Name = cluster,
                    Weight = (uint)weight,
                });
            }
        }

        return new Filter { Name = FilterNames.TcpProxy, TypedConfig = Any.Pack(proxy) };
    }

    /// <summary>How long the connections last; what is not said is left to Envoy.</summary>
    public static void ApplyLimits(TcpProxy proxy, TcpPool? pool)
    {
        if (pool?.IdleTimeout is { } idle) proxy.IdleTimeout = Duration.FromTimeSpan(idle);
        if (pool?.MaxConnectionDuration is not { } age) return;
        proxy.MaxDownstreamConnectionDuration = Duration.FromTimeSpan(age);
    }
}
