using System.Net;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.ProxyProtocol;
using MeshOrleans.Xds.Protocol.Tls;
using Type = MeshOrleans.Xds.Protocol.Cluster.Cluster.Types.DiscoveryType;
using UpstreamOptions = MeshOrleans.Xds.Protocol.Upstream.HttpProtocolOptions;

namespace MeshOrleans.Xds.Translation.Checks;

/// <summary>Checks clusters as an Envoy does.</summary>
internal static class EnvoyClusterCheck
{
    private const uint MaxRing = 8 * 1024 * 1024;

    public static void Check(Cluster cluster, List<string> faults)
    {
        CheckDiscovery(cluster, faults);
        CheckBalancing(cluster, faults);
        CheckOutliers(cluster, faults);
        HealthCheckCheck.Check(cluster, faults);
        foreach (var any in cluster.TypedExtensionProtocolOptions.Values)
        {
            CheckHttp2(cluster.Name, any.Unpack<UpstreamOptions>(), faults);
        }

        var names = cluster.TransportSocketMatches.Select(m => m.Name).ToList();
        if (names.Contains("") || names.Distinct(StringComparer.Ordinal).Count() != names.Count)
        {
            faults.Add($"{cluster.Name}: a transport socket has no name of its own.");
        }

        if (cluster.TransportSocket is not null && names.Count > 0) faults.Add($"{cluster.Name} has two words on TLS.");
        var sockets = cluster.TransportSocketMatches.Select(m => m.TransportSocket).Append(cluster.TransportSocket);
        foreach (var socket in sockets)
        {
            if (socket is not null) Check(cluster.Name, socket, faults);
        }
    }

    private static void CheckDiscovery(Cluster cluster, List<string> faults)
    {
        var endpoints = (cluster.LoadAssignment?.Endpoints ?? []).SelectMany(l => l.LbEndpoints).ToList();
        if (cluster.LoadAssignment is { ClusterName.Length: 0 })
        {
            faults.Add($"{cluster.Name}: endpoints of no cluster.");
        }

        if (cluster.Type is Type.Eds or Type.OriginalDst && cluster.LoadAssignment is not null)
        {
            faults.Add($"{cluster.Name} has endpoints of its own.");
        }

        if (cluster.Type is Type.Eds != cluster.EdsClusterConfig is not null)
        {
            faults.Add($"{cluster.Name}: EDS or not?");
        }

        if (cluster.EdsClusterConfig?.EdsConfig is { } source
            && (source.Ads is null || source.InitialFetchTimeout is not { Seconds: > 0 }))
        {
            faults.Add($"{cluster.Name} would wait for its endpoints for ever.");
        }

        if (cluster.Type is Type.LogicalDns && endpoints.Count != 1)
        {
            faults.Add($"{cluster.Name}: LOGICAL_DNS takes one host.");
        }

        foreach (var endpoint in endpoints.Select(e => e.Endpoint.Address.SocketAddress))
        {
            if (cluster.Type is Type.Static && !IPAddress.TryParse(endpoint.Address, out _))
            {
                faults.Add($"{cluster.Name}: {endpoint.Address} is no literal address.");
            }

            if (endpoint.Address.Length == 0 || endpoint.Address.Contains('*'))
            {
                faults.Add($"{cluster.Name}: host {endpoint.Address}.");
            }

            if (endpoint.PortValue is 0 or > 65535) faults.Add($"{cluster.Name}: port {endpoint.PortValue}.");
        }
    }

    private static void CheckBalancing(Cluster cluster, List<string> faults)
    {
        if (cluster.RingHashLbConfig is { } ring
            && (ring.MinimumRingSize > MaxRing
                || ring.MaximumRingSize > MaxRing
                || ring.MinimumRingSize > (ring.MaximumRingSize ?? MaxRing)))
        {
            faults.Add($"{cluster.Name}: a ring of {ring.MinimumRingSize}.");
        }

        if (cluster.MaglevLbConfig?.TableSize is { } table && (table > int.MaxValue || !ConsistentHash.IsTableSize((long)table)))
        {
            faults.Add($"{cluster.Name}: a table of {table}, which is too large or no prime.");
        }
    }

    private static void CheckOutliers(Cluster cluster, List<string> faults)
    {
        foreach (var threshold in cluster.CircuitBreakers?.Thresholds ?? [])
        {
            if (threshold.RetryBudget?.BudgetPercent is { Value: < 0 or > 100 })
            {
                faults.Add($"{cluster.Name}: retry budget.");
            }
        }

        if (cluster.CommonLbConfig?.HealthyPanicThreshold is { Value: < 0 or > 100 })
        {
            faults.Add($"{cluster.Name}: panic threshold.");
        }

        if (cluster.OutlierDetection is not { } outliers) return;
        uint?[] shares =
        [
            outliers.MaxEjectionPercent, outliers.EnforcingConsecutive5Xx, outliers.EnforcingSuccessRate,
            outliers.EnforcingConsecutiveGatewayFailure, outliers.EnforcingConsecutiveLocalOriginFailure,
            outliers.EnforcingLocalOriginSuccessRate,
        ];
        if (shares.Any(share => share > 100)) faults.Add($"{cluster.Name}: a share over 100 %.");
        if (outliers.Interval?.ToTimeSpan() <= TimeSpan.Zero
            || outliers.BaseEjectionTime?.ToTimeSpan() <= TimeSpan.Zero)
        {
            faults.Add($"{cluster.Name}: outlier detection without time.");
        }
    }

    private static void CheckHttp2(string name, UpstreamOptions options, List<string> faults)
    {
        if (options.CommonHttpProtocolOptions?.MaxConnectionDuration?.ToTimeSpan() <= TimeSpan.Zero)
        {
            faults.Add($"{name}: connections without duration.");
        }

        var http2 = options.ExplicitHttpConfig?.Http2ProtocolOptions
            ?? options.UseDownstreamProtocolConfig?.Http2ProtocolOptions;
        if (http2 is null) return;
        if (http2.MaxConcurrentStreams is 0 or > int.MaxValue)
        {
            faults.Add($"{name}: {http2.MaxConcurrentStreams} streams.");
        }

        if (http2.ConnectionKeepalive is { } keepAlive
            && (keepAlive.Timeout is null
                || keepAlive.Timeout.ToTimeSpan() < TimeSpan.FromMilliseconds(1)
                || keepAlive.Interval?.ToTimeSpan() < TimeSpan.FromMilliseconds(1)))
        {
            faults.Add($"{name}: HTTP/2 keep-alive without a time-out or interval of 1 ms or more.");
        }
    }

    private static void Check(string name, TransportSocket socket, List<string> faults)
    {
        if (socket.Name.Length == 0) faults.Add($"{name}: a transport socket without name.");
        if (socket.TypedConfig.TryUnpack<ProxyProtocolUpstreamTransport>(out var wrapper))
        {
            if (wrapper.TransportSocket is { } inner) Check(name, inner, faults);
            else faults.Add($"{name}: a PROXY header before nothing.");
            return;
        }

        if (socket.TypedConfig.TypeUrl == TypeUrls.Of(Protocol.RawBuffer.RawBuffer.Descriptor)) return;
        if (!socket.TypedConfig.TryUnpack<UpstreamTlsContext>(out var tls))
        {
            faults.Add($"{name}: {socket.TypedConfig.TypeUrl} is no client's TLS.");
            return;
        }

        EnvoyTlsCheck.Check(name, tls.CommonTlsContext, faults);
        if (tls.Sni.Length > 255) faults.Add($"{name}: the server name is too long.");
    }
}
