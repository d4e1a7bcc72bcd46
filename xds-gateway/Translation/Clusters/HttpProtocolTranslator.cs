using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Core;
using UpstreamOptions = MeshOrleans.Xds.Protocol.Upstream.HttpProtocolOptions;

namespace MeshOrleans.Xds.Translation.Clusters;

/// <summary>Says which HTTP a cluster is spoken to in, and the limits of its connections.</summary>
/// <remarks>
/// HTTP/2 is set only where the port's protocol is HTTP/2 or gRPC, or where <c>h2UpgradePolicy</c> asks for it: a
/// foreign Envoy speaks exactly what stands here. Our own sidecars may still multiplex over HTTP/2 between each other,
/// as the ALPN of that hop says what was agreed; that is their decision and not part of the cluster.
/// </remarks>
internal static class HttpProtocolTranslator
{
    private const string Key = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    /// <summary>Envoy takes no pings without a limit to their answers; this is gRPC's.</summary>
    private static readonly TimeSpan DefaultKeepAliveTimeout = TimeSpan.FromSeconds(20);

    public static void Apply(Cluster cluster, OutboundCluster source)
    {
        if (!source.Port.Protocol.IsHttp()) return;
        var pool = source.Policy.ConnectionPool;
        var options = new UpstreamOptions { CommonHttpProtocolOptions = Common(pool) };
        if (pool?.Http?.UseClientProtocol is true)
        {
            options.UseDownstreamProtocolConfig = new()
            {
                HttpProtocolOptions = new Http1ProtocolOptions(),
                Http2ProtocolOptions = Http2(pool.Http),
            };
        }
        else if (IsHttp2(source))
        {
            options.ExplicitHttpConfig = new() { Http2ProtocolOptions = Http2(pool?.Http) };
        }
        else if (options.CommonHttpProtocolOptions is not null)
        {
            options.ExplicitHttpConfig = new() { HttpProtocolOptions = new Http1ProtocolOptions() };
        }
        else
        {
            return; // HTTP/1.1 without limits is what Envoy does anyway
        }

        cluster.TypedExtensionProtocolOptions[Key] = Any.Pack(options);
    }

    public static void ApplyInbound(Cluster cluster, AppProtocol protocol, ConnectionPool? pool)
    {
        var common = protocol.IsHttp() ? Common(pool) : null;
        if (!protocol.IsHttp2() && common is null) return;
        var options = new UpstreamOptions { CommonHttpProtocolOptions = common, ExplicitHttpConfig = new() };
        if (protocol.IsHttp2()) options.ExplicitHttpConfig.Http2ProtocolOptions = Http2(pool?.Http);
        else options.ExplicitHttpConfig.HttpProtocolOptions = new Http1ProtocolOptions();
        cluster.TypedExtensionProtocolOptions[Key] = Any.Pack(options);
    }

    /// <summary>True when every request of the cluster goes upstream as HTTP/2.</summary>
    public static bool IsHttp2(OutboundCluster source) =>
        source.Port.Protocol.IsHttp2()
        || (source.Port.Protocol.IsHttp()
            && source.Policy.ConnectionPool?.Http?.H2UpgradePolicy is H2UpgradePolicy.Upgrade);

    private static HttpProtocolOptions? Common(ConnectionPool? pool)
    {
        var options = new HttpProtocolOptions();
        if (pool?.Http?.MaxRequestsPerConnection is > 0 and var count) options.MaxRequestsPerConnection = (uint)count;
        if (pool?.Http?.IdleTimeout is { } idle) options.IdleTimeout = Duration.FromTimeSpan(idle);
        if (pool?.Tcp?.MaxConnectionDuration is { } age) options.MaxConnectionDuration = Duration.FromTimeSpan(age);
        return options.CalculateSize() == 0 ? null : options;
    }

    private static Http2ProtocolOptions Http2(HttpPool? pool)
    {
        var options = new Http2ProtocolOptions();
        if (pool?.MaxConcurrentStreams is > 0 and var streams) options.MaxConcurrentStreams = (uint)streams;
        if (pool?.Http2KeepAlive is { Interval: { } interval } keepAlive)
        {
            options.ConnectionKeepalive = new KeepaliveSettings
            {
                Interval = Duration.FromTimeSpan(interval),
                Timeout = Duration.FromTimeSpan(keepAlive.Timeout ?? DefaultKeepAliveTimeout),
            };
        }

        return options;
    }
}
