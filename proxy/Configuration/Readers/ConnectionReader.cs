using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol.Upstream;
using Proto = MeshOrleans.Xds.Protocol.Cluster;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>What a cluster says of its connections, with Envoy's defaults.</summary>
internal static class ConnectionReader
{
    private static readonly TimeSpan DefaultConnectTimeout = TimeSpan.FromSeconds(5); // Envoy, Cluster.connect_timeout

    public static ConnectionModel Read(Proto.Cluster cluster, FieldPath at) => new()
    {
        ConnectTimeout =
            CoreReader.Positive(cluster.ConnectTimeout, at.At("connect_timeout")) ?? DefaultConnectTimeout,
        Probes = cluster.UpstreamConnectionOptions?.TcpKeepalive is { } probes
            ? new(Number(probes.KeepaliveProbes), Number(probes.KeepaliveTime), Number(probes.KeepaliveInterval))
            : null,
    };

    public static ConnectionModel Http(ConnectionModel model, HttpProtocolOptions options, FieldPath at)
    {
        var common = options.CommonHttpProtocolOptions;
        var (http2, here) = options.UseDownstreamProtocolConfig is { } same
            ? (same.Http2ProtocolOptions, at.At("use_downstream_protocol_config"))
            : (options.ExplicitHttpConfig?.Http2ProtocolOptions, at.At("explicit_http_config"));
        here = here.At("http2_protocol_options").At("connection_keepalive");
        var general = at.At("common_http_protocol_options");
        return model with
        {
            IdleTimeout = CoreReader.Positive(common?.IdleTimeout, general.At("idle_timeout")) ?? model.IdleTimeout,
            MaxAge = CoreReader.Positive(common?.MaxConnectionDuration, general.At("max_connection_duration")),
            MaxRequests = Number(common?.MaxRequestsPerConnection) ?? 0,
            MaxStreams = Number(http2?.MaxConcurrentStreams) ?? 0,
            PingInterval = CoreReader.Positive(http2?.ConnectionKeepalive?.Interval, here.At("interval")),
            PingTimeout =
                CoreReader.Positive(http2?.ConnectionKeepalive?.Timeout, here.At("timeout")) ?? model.PingTimeout,
        };
    }

    private static int? Number(uint? value) => value is { } number ? (int)Math.Min(number, int.MaxValue) : null;
}
