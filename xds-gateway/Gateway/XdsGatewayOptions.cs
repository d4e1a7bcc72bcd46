using System.ComponentModel.DataAnnotations;
using MeshOrleans.Xds.Protocol.Grpc;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Xds.Gateway;

/// <summary>How the gateway pushes, and what it lets a client do. Section <c>Xds</c>.</summary>
public sealed class XdsGatewayOptions
{
    /// <summary>Where the configuration keeps these options.</summary>
    public const string Section = "Xds";

    /// <summary>
    /// The readable part of what this gateway process calls itself in the status of proxies; see
    /// <see cref="GatewayName"/>.
    /// </summary>
    /// <value>"gateway" by default.</value>
    [Required]
    public string Name { get; set; } = "gateway";

    /// <summary>Quiet time after the last change before it is pushed. Changes of endpoints only do not wait.</summary>
    /// <value>100 ms by default.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan Debounce { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest a change waits while others keep coming.</summary>
    /// <value>10 s by default.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan DebounceCap { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a client may block its stream, by reading nothing of a response or by not acknowledging while more is
    /// due.
    /// </summary>
    /// <value>30 s by default; then the stream is closed.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a client may hold a stream open before it has sent its first request in full.</summary>
    /// <value>30 s by default; then the stream is ended.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan FirstRequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long listeners and routes wait for the endpoints of clusters that were added with them: once until the
    /// client has answered the clusters, and once more until it has asked for the endpoints and answered those.
    /// </summary>
    /// <value>1 s by default; zero means that they never wait.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan EndpointWait { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The mean age at which a stream is ended, so that its client connects anew and gateways that were added get their
    /// share. Each stream draws its own end between half of it and one and a half.
    /// </summary>
    /// <value>30 min by default; zero means never.</value>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan MaxStreamAge { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// The longest that streams go on when the host stops. Each ends at a moment that it draws, so that other gateways
    /// are not asked by all clients at once; a few streams spread over less. A push that is not answered yet, or not
    /// yet read, gets the whole time.
    /// </summary>
    /// <value>3 s by default; zero ends all streams at once. The host must not be stopped harder before.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:20")]
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>The most streams that are open at a time.</summary>
    /// <value>20,000 by default; a stream above it is refused with a hint to try again.</value>
    [Range(1, 1_000_000)]
    public int MaxStreams { get; set; } = 20_000;

    /// <summary>The most streams that may begin at once before <see cref="StreamsPerSecond"/> counts.</summary>
    /// <value>2,000 by default.</value>
    [Range(1, 1_000_000)]
    public int StreamBurst { get; set; } = 2_000;

    /// <summary>The most streams per second that may begin for long.</summary>
    /// <value>1,000 by default; a stream above it is refused with a hint to try again.</value>
    [Range(1, 1_000_000)]
    public int StreamsPerSecond { get; set; } = 1_000;

    /// <summary>
    /// How many streams may be made and sent their first response at a time; a slow reader counts for a second only.
    /// </summary>
    /// <value>64 by default.</value>
    [Range(1, 100_000)]
    public int MaxConcurrentSyncs { get; set; } = 64;

    /// <summary>How long a stream waits for its turn among <see cref="MaxConcurrentSyncs"/>.</summary>
    /// <value>
    /// 10 s by default; then it is refused with a hint to try again. Clients of others give a resource up after 15 s.
    /// </value>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan SyncWait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// When a refused client should try again, on average: each is told another time between half of it and one and a
    /// half, and later where more come back than can be taken.
    /// </summary>
    /// <value>2 s by default.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The most resource names in one request, and in one type's subscription.</summary>
    /// <value>10,000 by default.</value>
    [Range(1, 1_000_000)]
    public int MaxResourceNames { get; set; } = 10_000;

    /// <summary>
    /// The most hosts of which a proxy is told one by one where the mesh scopes automatically; one that calls more gets
    /// the whole mesh.
    /// </summary>
    /// <value>1,000 by default.</value>
    [Range(1, 1_000_000)]
    public int MaxUsedHosts { get; set; } = 1_000;

    /// <summary>
    /// The most requests that a stream may send at once before <see cref="RequestsPerSecond"/> counts.
    /// </summary>
    /// <value>1,000 by default.</value>
    [Range(1, 1_000_000)]
    public int RequestBurst { get; set; } = 1_000;

    /// <summary>The most requests per second that a stream may send for long.</summary>
    /// <value>100 by default.</value>
    [Range(1, 1_000_000)]
    public int RequestsPerSecond { get; set; } = 100;

    /// <summary>
    /// The most HTTP/2 control frames that a connection may send at once before <see cref="ControlFramesPerSecond"/>
    /// counts: PING, SETTINGS, RST_STREAM, PRIORITY, CONTINUATION and empty DATA, and ten as one of WINDOW_UPDATE, HEADERS
    /// and DATA of less than 32 bytes that does not end its stream. A client that ends more streams than this at once
    /// loses the connection and those that it meant to keep on it.
    /// </summary>
    /// <value>2,000 by default; the connection is cut above it.</value>
    [Range(100, 1_000_000)]
    public int ControlFrameBurst { get; set; } = 2_000;

    /// <summary>The most HTTP/2 control frames per second that a connection may send for long.</summary>
    /// <value>200 by default; the connection is cut above it.</value>
    [Range(10, 1_000_000)]
    public int ControlFramesPerSecond { get; set; } = 200;

    /// <summary>The largest response that is sent as one message where it can be divided, in bytes.</summary>
    /// <value>3 MiB by default: gRPC clients refuse messages above 4 MiB.</value>
    [Range(1_000, 1_000_000_000)]
    public int MaxResponseSize { get; set; } = 3 * 1024 * 1024;

    /// <summary>
    /// The largest response that a gRPC program without sidecar is sent, in bytes; above it the stream is refused with
    /// advice. For other clients a larger one is logged.
    /// </summary>
    /// <value>4 MiB by default, which is what gRPC implementations take of a control plane.</value>
    [Range(1_000, 1_000_000_000)]
    public int GrpcMessageLimit { get; set; } = GrpcLimits.DefaultMaxMessageSize;
}

[OptionsValidator]
internal sealed partial class XdsGatewayOptionsValidator : IValidateOptions<XdsGatewayOptions>;
