using System.Net;
using System.Text;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>Makes the connection pools: one handler per endpoint and kind, none of HttpClient's own opinions.</summary>
/// <param name="connector">Makes the connections themselves.</param>
/// <param name="hop">Speaks HTTP/2 with other sidecars; null leaves that to .NET as well.</param>
internal sealed class UpstreamPoolFactory(UpstreamConnector connector, HopClient? hop)
{
    // Pooled connections carry the certificate they were made with: by this age they are replaced.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(10);
    private const int StreamWindow = 1024 * 1024;
    private const int MaxHeaderKilobytes = 60;
    private const int MaxDrainBytes = 64 * 1024;

    // What the runtime can at least measure.
    private static readonly TimeSpan ShortestPing = TimeSpan.FromSeconds(1);

    public UpstreamPool Create(PoolKind kind, UpstreamSettings settings)
    {
        HttpMessageHandler handler = kind is PoolKind.MeshHttp2 && hop is not null
            ? hop.Create(kind, settings, ConnectionLifetime)
            : HandlerOf(kind, settings);
        return new UpstreamPool(new HttpMessageInvoker(handler), kind, settings);
    }

    private SocketsHttpHandler HandlerOf(PoolKind kind, UpstreamSettings settings)
    {
        var wanted = settings.Connection;
        return new SocketsHttpHandler
        {
            ActivityHeadersPropagator = null,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectCallback = (context, cancellationToken) =>
                connector.ConnectAsync(kind, settings, context.DnsEndPoint, cancellationToken),
            ConnectTimeout = wanted.ConnectTimeout,
            EnableMultipleHttp2Connections = wanted.MaxStreams == 0, // else each pool is one connection
            Expect100ContinueTimeout = TimeSpan.FromSeconds(1),
            KeepAlivePingDelay = AtLeast(wanted.PingInterval, ShortestPing) ?? Timeout.InfiniteTimeSpan,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            KeepAlivePingTimeout = AtLeast(wanted.PingTimeout, ShortestPing)!.Value,
            InitialHttp2StreamWindowSize = StreamWindow,
            MaxResponseDrainSize = MaxDrainBytes,
            MaxResponseHeadersLength = MaxHeaderKilobytes,
            PooledConnectionIdleTimeout = wanted.IdleTimeout,
            PooledConnectionLifetime = wanted.MaxAge < ConnectionLifetime ? wanted.MaxAge.Value : ConnectionLifetime,
            PreAuthenticate = false,
            RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            UseCookies = false,
            UseProxy = false,
        };
    }

    private static TimeSpan? AtLeast(TimeSpan? span, TimeSpan least) => span < least ? least : span;

    /// <summary>Which kind of connection an endpoint gets.</summary>
    public static PoolKind KindFor(ClusterModel cluster, EndpointModel endpoint, bool downstreamIsHttp2, bool isUpgrade)
    {
        var useHttp2 = !isUpgrade && (cluster.Protocol is UpstreamProtocol.Http2
            || (cluster.Protocol is UpstreamProtocol.AsDownstream && downstreamIsHttp2));
        return cluster.Tls.Mode switch
        {
            UpstreamTlsMode.Mesh => isUpgrade ? PoolKind.MeshHttp1 : PoolKind.MeshHttp2,
            UpstreamTlsMode.AutoPerEndpoint when endpoint.UsesMesh =>
                isUpgrade ? PoolKind.MeshHttp1 : PoolKind.MeshHttp2,
            UpstreamTlsMode.Simple => useHttp2 ? PoolKind.SimpleHttp2 : PoolKind.SimpleHttp1,
            _ => useHttp2 ? PoolKind.PlainHttp2 : PoolKind.PlainHttp1,
        };
    }
}
